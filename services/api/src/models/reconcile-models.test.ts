import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkItem } from '@caissa/queue';
import type { InspectJobData, InspectResult } from '@caissa/shared/contracts';
import { AppError, toProblem } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import { ModelReconciler } from './reconcile-models.js';

let api: TestApi;
let asked: InspectJobData[];

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  asked = [];
});

afterEach(() => api.close());

/** Looks into a file as an exporter does, and writes the entry. */
const inspect = async ({ id, data }: WorkItem<'inspect'>): Promise<InspectResult> => {
  asked.push(data);
  if (data.model_name === 'bug') throw new AppError('INTERNAL', 'unforeseen');
  const { identity } = await api.context.modelFolder.find(data.model_name);
  const known = { name: data.model_name, identity, status: 'ready', version: 1, training_date: null } as const;
  const found = {
    metadata: {},
    architecture: null,
    sha256: null,
    warnings: [],
    inspected_at: new Date().toISOString(),
  };
  await api.context.catalogue.put({ ...known, ...found }, []);
  return { success: true, message: 'ok', model_name: data.model_name, status: 'ready', job_id: id };
};

const statusOf = async (name: string) => {
  const response = await fetch(`${api.url}/api/model/info/${name}`);
  return ((await response.json()) as { status: string }).status;
};

const untilReady = (name: string) => eventually(`${name} is ready`, async () => (await statusOf(name)) === 'ready');

describe('the catalogue', () => {
  it('learns of new, changed and removed files', async () => {
    api.work('inspect', inspect);
    await writeFile(join(api.modelsFolder, 'a.pt'), 'one');
    await eventually('it is listed', () => api.context.modelFolder.list().length === 1);
    await untilReady('a');
    await writeFile(join(api.modelsFolder, 'a.pt'), 'other');
    await api.context.modelFolder.refresh('a.pt');
    expect(await statusOf('a')).toBe('inspecting');
    await untilReady('a');
    expect(asked).toHaveLength(2);
    expect(new Set(asked.map((data) => data.identity)).size).toBe(2);
    await rm(join(api.modelsFolder, 'a.pt'));
    await eventually('its entry is gone', async () => (await api.context.catalogue.all()).size === 0);
  });

  it('follows a name from one file to another', async () => {
    api.work('inspect', inspect);
    await writeFile(join(api.modelsFolder, 'final.pth'), 'one');
    await untilReady('final');
    await writeFile(join(api.modelsFolder, 'final.pt'), 'two');
    await untilReady('final_4c670fd5');
    await untilReady('final');
    await rm(join(api.modelsFolder, 'final.pt'));
    const known = async () => [...(await api.context.catalogue.all()).keys()];
    await eventually('only one is left', async () => (await known()).join() === 'final');
    await untilReady('final');
  });

  it('asks for what cannot be a checkpoint too', async () => {
    api.work('inspect', inspect);
    await mkdir(join(api.modelsFolder, 'folder.pt'));
    await untilReady('folder');
  });

  it('waits until a file is no longer written to', async () => {
    api.work('inspect', inspect);
    let pauses = 0;
    for (let round = 0; round < 6; round++) {
      const begun = performance.now();
      await writeFile(join(api.modelsFolder, 'slow.pt'), 'x'.repeat(round + 1));
      await api.context.modelFolder.refresh('slow.pt');
      await new Promise((resolve) => setTimeout(resolve, 100));
      // On a machine that is busy the file may be quiet for long enough in between.
      if (performance.now() - begun > 180) pauses++;
    }
    await untilReady('slow');
    expect(asked.length).toBeLessThanOrEqual(2 + pauses);
  });

  it('asks again for what could not be read when permissions were changed, and after a restart', async () => {
    const problem = toProblem({ code: 'STORE_UNAVAILABLE', message: 'Permission was denied.', errors: undefined });
    await api.addModel('secret', { status: 'unreadable', problem });
    const { queue } = api.context.jobs.queues.inspect;
    const askedFor = async (times: number) =>
      eventually(`it is asked for ${times} times`, async () => {
        const jobs = await queue.getJobs(['completed']);
        return jobs.filter(({ data }) => data.model_name === 'secret').length === times;
      });
    api.work('inspect', async ({ id, data }) => {
      const { model_name } = data;
      return { success: true, message: 'ok', model_name, status: 'unreadable', job_id: id };
    });
    await askedFor(1);
    await chmod(join(api.modelsFolder, 'secret.pt'), 0o640);
    await askedFor(2);
    const restarted = new ModelReconciler(api.context);
    restarted.start();
    await askedFor(3);
    await restarted.stop();
    expect(await statusOf('secret')).toBe('unreadable');
  });

  it('is kept by several processes without doing work twice', async () => {
    const others = Array.from({ length: 3 }, () => new ModelReconciler(api.context));
    for (const other of others) other.start();
    await writeFile(join(api.modelsFolder, 'a.pt'), 'one');
    await api.context.modelFolder.refresh('a.pt');
    const queue = api.context.jobs.queues.inspect.queue;
    await eventually('it is asked for', async () => (await queue.getWaitingCount()) > 0);
    for (const other of others) other.startOver();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await queue.getWaitingCount()).toBe(1);
    await Promise.all(others.map((other) => other.stop()));
  });

  it('does not ask again and again for what fails', async () => {
    api.work('inspect', inspect);
    const reconciler = new ModelReconciler(api.context);
    await api.writeModel('bug');
    reconciler.start();
    await eventually('it was asked for', () => asked.length > 0);
    for (let round = 0; round < 5; round++) {
      await api.writeModel(`other${round}`);
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    expect(asked.filter((data) => data.model_name === 'bug').length).toBeLessThanOrEqual(2);
    await reconciler.stop();
  });
});
