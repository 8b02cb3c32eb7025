import { enqueue, runWorker } from '@caissa/queue';
import { SETTINGS } from '@caissa/shared/settings';
import { exportData, exportResult, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { configMapData, findManifest } from '../setup/manifests.js';
import { until } from '../setup/system.js';

const triggerSchema = z.object({
  spec: z.object({
    triggers: z.array(
      z.object({
        type: z.literal('redis'),
        metadata: z.object({ address: z.string(), listName: z.string(), listLength: z.string() }),
        authenticationRef: z.object({ name: z.string() }),
      }),
    ),
  }),
});
const { triggers } = triggerSchema.parse(findManifest('ScaledObject', 'caissa-exporter')).spec;

describe('the scaling of exporters', () => {
  let jobs: TestJobs;
  beforeEach(async () => {
    jobs = await openTestJobs(inject('redisUrl'));
  });
  afterEach(() => jobs.close());

  /** Lengths of the lists that the triggers name, as KEDA reads them. */
  async function lengths(): Promise<number[]> {
    const { redis, keys } = jobs.context;
    const { REDIS_PREFIX: prefix = '' } = configMapData('caissa-settings');
    return Promise.all(
      triggers.map(({ metadata }) =>
        redis.llen(metadata.listName.replace(new RegExp(`^${prefix}:`), `${keys.prefix}:`)),
      ),
    );
  }

  it('counts the jobs that wait and the jobs that run', async () => {
    for (let count = 0; count < 5; count++) {
      await enqueue(jobs.context, 'export', exportData({ metadata: { count } }));
    }
    expect(await lengths()).toEqual([5, 0]);
    let finish = () => {};
    const allowed = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const worker = runWorker(jobs.worker, 'export', (item) => allowed.then(() => exportResult(item)), 2);
    jobs.onClose(() => worker.close());
    await until('two jobs run', async () => (await lengths()).join() === '3,2');
    finish();
    await until('none is left', async () => (await lengths()).join() === '0,0');
  });

  it('counts as many jobs for one exporter as it works on, on the Redis of the installation', () => {
    const service = z.object({ spec: z.object({ ports: z.tuple([z.object({ port: z.int() })]) }) });
    const { port } = service.parse(findManifest('Service', 'caissa-redis')).spec.ports[0];
    for (const { metadata, authenticationRef } of triggers) {
      expect(metadata.listLength).toBe(SETTINGS.EXPORT_CONCURRENCY.fallback);
      expect(metadata.address).toBe(`caissa-redis:${port}`);
      expect(findManifest('TriggerAuthentication', authenticationRef.name)).toBeDefined();
    }
  });
});
