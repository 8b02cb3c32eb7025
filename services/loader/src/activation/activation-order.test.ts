import { readdir, rm } from 'node:fs/promises';
import { PyDict } from '@caissa/pytorch';
import { readPointer } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import { smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  type LoaderHarness,
  loadItem,
  openHarness,
  rollbackItem,
  type TestLoader,
  unloadItem,
} from '../../test-support/loader-harness.js';

let harness: LoaderHarness;
let loader: TestLoader;
beforeEach(async () => {
  harness = await openHarness();
  loader = await harness.startLoader('one');
  await harness.addModel('model_v1');
  await harness.addModel('model_v2', otherRoot());
});
afterEach(() => harness.close());

/** A checkpoint with another digest. */
function otherRoot() {
  const root = smallRoot(smallStateDict());
  root.set('metadata', new PyDict([['version', 2]]));
  return root;
}

const inOrder = (name: string, sequence: number) => loadItem(name, { data: { model_name: name, sequence } });

describe('the last requested activation wins', () => {
  it('against one that was requested before it and comes later', async () => {
    const { generation } = await loader.load(inOrder('model_v2', 20));
    const late = inOrder('model_v1', 10);
    await expect(loader.load(late)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(await harness.activation()).toMatchObject({ generation, pointer: { model_name: 'model_v2' } });
    expect(await harness.entry(late.id)).toMatchObject({
      outcome: 'superseded',
      to: null,
      finished_at: expect.any(String),
    });
  });

  it('against one that made its activation already and is handed out again', async () => {
    const first = inOrder('model_v1', 10);
    await loader.load(first);
    await loader.load(inOrder('model_v2', 20));
    await expect(loader.load(first)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(loader.replica.status).toMatchObject({ model_name: 'model_v2', generation: 2 });
    expect(await harness.entry(first.id)).toMatchObject({ outcome: 'succeeded', to: { generation: 1 } });
  });

  it('before anything is done for one that is overtaken in the queue, and at the latest before it is made', async () => {
    const stages: string[] = [];
    const report = ({ stage }: { stage: string }) => {
      stages.push(stage);
      if (stage === 'warming_up') void harness.announce('later', 30);
    };
    const item = { ...inOrder('model_v1', 10), report };
    await expect(loader.load(item)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(stages).toContain('publishing');
    stages.length = 0;
    await expect(loader.load({ ...inOrder('model_v2', 20), report })).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(stages).toEqual([]);
    expect(await harness.activation()).toBeUndefined();
  });
});

describe('an unload', () => {
  it('leaves nothing active on every replica, ends the sessions and counts as a generation', async () => {
    const two = await harness.startLoader('two');
    await loader.load(loadItem('model_v1'));
    const session = loader.replica.status.session;
    const result = await loader.unload(unloadItem('model_v1'));
    expect(result).toMatchObject({ message: 'Model model_v1 unloaded', generation: 2, model_name: 'model_v1' });
    await session?.exited;
    await eventually('two has let go', async () => two.replica.status.generation === 2);
    for (const { replica } of [loader, two]) {
      expect(replica.status).toMatchObject({ state: 'idle', model_name: null, generation: 2, session: undefined });
      expect(replica.isCurrent).toBe(true);
    }
    expect(await harness.activation()).toBeUndefined();
    const three = await harness.startLoader('three');
    await eventually('three knows', async () => three.replica.status.generation === 2);
    expect((await loader.load(loadItem('model_v1'))).generation).toBe(3);
  });
});

describe('a rollback', () => {
  const targetOf = async () => {
    const { generation = 0, pointer } = (await harness.activation()) ?? {};
    return { generation, source_sha256: pointer?.source_sha256 ?? '' };
  };

  it('serves the model of then, though its checkpoint is gone', async () => {
    await loader.load(loadItem('model_v1'));
    const target = await targetOf();
    await loader.load(loadItem('model_v2'));
    await rm(harness.modelPath('model_v1'));
    const item = rollbackItem('model_v1', target);
    expect(await loader.load(item)).toMatchObject({
      message: 'Rolled back to model model_v1',
      generation: 3,
      metadata: { version: 7, win_rate: 0.75 },
    });
    const { source_sha256 } = target;
    expect(await harness.activation()).toMatchObject({ generation: 3, pointer: { version: 7, source_sha256 } });
    expect(await harness.entry(item.id)).toMatchObject({
      kind: 'rollback',
      from: { generation: 2, model_name: 'model_v2' },
      to: { generation: 3, model_name: 'model_v1', source_sha256: target.source_sha256 },
      checks: { converted: false },
    });
  });

  it('converts again from the checkpoint if that is the one of then, and says so if it is not', async () => {
    await loader.load(loadItem('model_v1'));
    const target = await targetOf();
    await loader.load(loadItem('model_v2'));
    await eventually('the session is kept', async () => loader.context.shelf.size === 1);
    const forget = async () => {
      await loader.context.shelf.clear();
      for (const name of await readdir(harness.activeFolder)) {
        if (name.startsWith(target.source_sha256)) await rm(`${harness.activeFolder}/${name}`);
      }
    };
    await forget();
    await loader.load(rollbackItem('model_v1', target));
    await loader.load(loadItem('model_v2'));
    await eventually('the session is kept', async () => loader.context.shelf.size === 1);
    await forget();
    await harness.addModel('model_v1', otherRoot());
    const item = rollbackItem('model_v1', target);
    await expect(loader.load(item)).rejects.toMatchObject({ code: 'MODEL_GONE' });
    expect(loader.replica.status).toMatchObject({ model_name: 'model_v2', state: 'ready' });
    expect(await harness.entry(item.id)).toMatchObject({ outcome: 'failed', problem: { code: 'MODEL_GONE' } });
  });
});

describe('the journal of a load', () => {
  it('tells who asked, what was served before and since, and what was found out', async () => {
    const first = loadItem('model_v1', { data: { model_name: 'model_v1', requested_by: 'training' } });
    await loader.load(first);
    const second = loadItem('model_v2');
    await loader.load(second);
    expect(await harness.entry(first.id)).toMatchObject({
      kind: 'load',
      requested_by: 'training',
      from: null,
      to: { generation: 1, model_name: 'model_v1', version: 7 },
      checks: { positions: 1, converted: true },
      attempts: 1,
      outcome: 'succeeded',
    });
    expect(await harness.entry(second.id)).toMatchObject({ from: { generation: 1, model_name: 'model_v1' } });
  });

  it('tells of a failure and of a cancellation, and counts attempts', async () => {
    const missing = loadItem('missing');
    await expect(loader.load(missing)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(await harness.entry(missing.id)).toMatchObject({ outcome: 'failed', problem: { code: 'MODEL_NOT_FOUND' } });
    await harness.addModel('missing');
    await loader.load(missing);
    expect(await harness.entry(missing.id)).toMatchObject({ outcome: 'succeeded', attempts: 2 });
    const signal = AbortSignal.abort(new AppError('CANCELLED', 'The job was cancelled.'));
    const cancelled = loadItem('model_v1', { signal });
    await expect(loader.load(cancelled)).rejects.toThrow();
    expect(await harness.entry(cancelled.id)).toMatchObject({ outcome: 'cancelled' });
  });

  it('leaves the entry open when the job is handed to another loader, which completes it', async () => {
    const stopped = loadItem('model_v1', { signal: AbortSignal.abort(new Error('the worker is being stopped')) });
    await expect(loader.load(stopped)).rejects.toThrow();
    expect(await harness.entry(stopped.id)).toMatchObject({ outcome: 'running', attempts: 1, finished_at: null });
    const two = await harness.startLoader('two');
    await two.load({ ...loadItem('model_v1'), id: stopped.id });
    expect(await harness.entry(stopped.id)).toMatchObject({ outcome: 'succeeded', attempts: 2 });
  });
});

describe('after Redis has lost its memory', () => {
  it('the pointer comes back with its generation, and the journal with what was open in it', async () => {
    const item = loadItem('model_v1');
    await loader.load(item);
    await loader.load(loadItem('model_v2'));
    const before = await readPointer(harness.redis, harness.keys);
    const lost = loadItem('model_v1', { signal: AbortSignal.abort(new Error('the worker is being stopped')) });
    await expect(loader.load(lost)).rejects.toThrow();
    const { session } = loader.replica.status;
    expect(await harness.forgetEverything()).toContain(harness.keys.active);
    await eventually('the pointer', async () => (await readPointer(harness.redis, harness.keys)).generation === 2);
    expect(await readPointer(harness.redis, harness.keys)).toEqual(before);
    await eventually('the journal', async () => (await harness.entry(lost.id))?.outcome === 'failed');
    expect(await harness.entry(lost.id)).toMatchObject({ problem: { code: 'WORKER_LOST' } });
    expect(await harness.entry(item.id)).toMatchObject({ outcome: 'succeeded', to: { generation: 1 } });
    expect(loader.replica.status.session).toBe(session);
  });

  it('generations go on though an activation comes before the pointer is back', async () => {
    await loader.load(loadItem('model_v1'));
    await loader.load(loadItem('model_v2'));
    await loader.stop();
    await harness.forgetEverything();
    const two = await harness.startLoader('two');
    expect((await two.load(loadItem('model_v1'))).generation).toBe(3);
  });

  it('what was served is served again by a loader that starts then', async () => {
    await loader.load(loadItem('model_v1'));
    await loader.stop();
    await harness.forgetEverything();
    const two = await harness.startLoader('two');
    await eventually('two serves', async () => two.replica.status.generation === 1);
    expect(two.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v1' });
  });
});
