import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { evaluate } from '../setup/evaluation-load.js';
import { MARKED_SIZES, markedName, writeMarkedModel } from '../setup/marked-models.js';
import { activate } from '../setup/replicas.js';
import { kill, type System, startSystem, until } from '../setup/system.js';

const SERVICES = ['api', 'exporter', 'loader'] as const;

/** Whom the active model is asked of, as soon as anybody answers. */
const served = (system: System) => until('positions are answered', () => evaluate(system.url).catch(() => undefined));

// Only root may mount the file system that turns read-only.
it.skipIf(process.getuid?.() !== 0)(
  'a volume that is read-only: what can be read serves, also after a start, and what has to be written is refused until it can be',
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caissa-read-only-'));
    const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, dataDir]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', dataDir]);
    let system: System | undefined;
    try {
      system = await startSystem({
        redisUrl: inject('redisUrl'),
        dataDir,
        env: MARKED_SIZES,
        prepare: async ({ modelsDir }) => {
          for (const number of [1, 2]) await writeMarkedModel(modelsDir, number);
        },
      });
      const client = new Client(system.url);
      await client.model(markedName(1));
      await client.finish(await client.export('onnx', markedName(1)));
      await activate(client, 1);

      await Promise.all(
        SERVICES.map((service) => Promise.all(system?.processes[service].map((one) => kill(one)) ?? [])),
      );
      remount('ro');
      for (const service of SERVICES) await system.start(service);
      expect((await served(system)).model_name).toBe(markedName(1));
      expect(system.logs()).toContain('active cannot be written (EROFS)');
      const exports = (await client.get('/api/model/exports')).body['exports'] as { download_url: string }[];
      for (const { download_url } of exports) await client.download(download_url);
      expect([(await client.get('/api/model/list')).body['count'], exports.length]).toEqual([2, 1]);

      const loading = await client.post(`/api/model/load/${markedName(2)}`);
      const jobs = [
        String(loading.body['job_id']),
        await client.export('onnx', markedName(1), { metadata: { again: 1 } }),
      ];
      const ended = await Promise.all(jobs.map((id) => client.finish(id)));
      for (const { status, error } of ended) {
        expect([status, error?.code]).toEqual(['failed', 'STORE_UNAVAILABLE']);
        expect(error?.detail).toMatch(/read-only.*then try again/);
      }
      expect((await evaluate(system.url)).model_name).toBe(markedName(1));
      expect(system.logs().match(/active cannot be written \(EROFS\)/g)).toHaveLength(1);

      remount('rw');
      await activate(client, 2);
      expect((await served(system)).model_name).toBe(markedName(2));
      for (const id of jobs) expect((await client.post(`/api/jobs/${id}/retry`)).status).toBe(202);
      for (const id of jobs) expect(await client.finish(id)).toMatchObject({ status: 'completed' });
    } finally {
      await system?.stop();
      execFileSync('umount', [dataDir]);
      await rm(dataDir, { recursive: true, force: true });
    }
  },
  400_000,
);
