import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { PyDict } from '@caissa/pytorch';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually, type LoaderHarness, loadItem, openHarness } from '../../test-support/loader-harness.js';

let harness: LoaderHarness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.addModel('model_v1');
});
afterEach(() => harness.close());

const ready = (id: string, generation: number) =>
  eventually(`${id} serves generation ${generation}`, async () => {
    const heartbeat = await harness.heartbeat(id);
    return heartbeat?.state === 'ready' && heartbeat.generation === generation && heartbeat;
  });

describe('a replica', () => {
  it('is idle until something was activated, then follows, also what was activated before it started', async () => {
    const [one, two] = [await harness.startLoader('one'), await harness.startLoader('two')];
    const idle = await eventually('two reports itself', async () => {
      const heartbeat = await harness.heartbeat('two');
      return heartbeat?.state === 'idle' && heartbeat;
    });
    expect(idle).toMatchObject({ model_name: null, generation: 0 });
    expect(two.replica.isCurrent).toBe(true);
    const { generation } = await one.load(loadItem('model_v1'));
    expect(await ready('two', generation)).toMatchObject({ model_name: 'model_v1' });
    await harness.startLoader('three');
    await ready('three', generation);
    const files = await readdir(harness.activeFolder);
    expect(files.filter((name) => name.endsWith('.onnx'))).toHaveLength(1);
  });

  it('takes nothing for inactive before Redis has said so', async () => {
    const proxy = new RedisProxy(inject('redisUrl'));
    await proxy.start();
    await proxy.stop();
    const one = await harness.startLoader('one', {}, proxy.url);
    await one.replica.follow();
    expect(one.replica.status.state).toBe('opening');
    expect([one.replica.isCurrent, one.engine.isAwaited('active')]).toEqual([false, true]);
    await proxy.start();
    await eventually('it knows that none is', async () => one.replica.status.state === 'idle');
    expect([one.replica.isCurrent, one.engine.isAwaited('active')]).toEqual([true, false]);
    await one.stop();
    await proxy.stop();
  });

  it('leaves the list at once when it stops', async () => {
    const one = await harness.startLoader('one');
    await eventually('one reports itself', () => harness.heartbeat('one'));
    await one.stop();
    expect(await harness.heartbeat('one')).toBeUndefined();
  });

  it('opens its model again when the process of the session is killed', async () => {
    const one = await harness.startLoader('one');
    const { generation } = await one.load(loadItem('model_v1'));
    const pid = one.replica.status.session?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    // Looks at every turn: the session may be open again before long.
    while (one.replica.status.session?.pid === pid) await setImmediate();
    expect(one.replica.isCurrent).toBe(false);
    expect(one.replica.status).toMatchObject({ state: 'opening', model_name: null });
    await ready('one', generation);
    expect(one.replica.status.session?.pid).not.toBe(pid);
  });

  it('converts again when the converted model is gone and the checkpoint is the one that was activated', async () => {
    const one = await harness.startLoader('one');
    const { generation } = await one.load(loadItem('model_v1'));
    await one.stop();
    for (const name of await readdir(harness.activeFolder)) await rm(join(harness.activeFolder, name));
    await harness.startLoader('two');
    await ready('two', generation);
  });

  it('says so when the activated checkpoint is gone for good, and recovers with the next activation', async () => {
    const one = await harness.startLoader('one');
    await one.load(loadItem('model_v1'));
    for (const name of await readdir(harness.activeFolder)) await rm(join(harness.activeFolder, name));
    await harness.addModel('model_v1', new PyDict([['replaced', 1]]));
    const two = await harness.startLoader('two');
    const failed = await eventually('two has failed', async () => {
      const heartbeat = await harness.heartbeat('two');
      return heartbeat?.state === 'failed' && heartbeat;
    });
    expect(failed).toMatchObject({
      model_name: null,
      problem: expect.stringContaining('no longer the one that was activated'),
    });
    expect(two.replica.isCurrent).toBe(false);
    await harness.addModel('model_v2');
    const { generation } = await one.load(loadItem('model_v2'));
    expect(await ready('two', generation)).toMatchObject({ problem: null });
  });

  it.each([
    ['its beginning', 0],
    ['its end', 1],
  ])('is not held up by an activation that waits for Redis to note %s', async (_, at) => {
    const one = await harness.startLoader('one');
    await one.load(loadItem('model_v1'));
    let confirmations = 0;
    let release = () => {};
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const confirm = async () => (confirmations++ === at ? waiting : undefined);
    const loading = one.load({ ...loadItem('model_v1'), confirm });
    await eventually('it waits', async () => confirmations > at);
    expect(one.replica.status.state).toBe('ready');
    await one.replica.follow();
    release();
    await loading;
    expect(one.replica.status).toMatchObject({ state: 'ready', generation: 2 });
  });

  it('lets load jobs take turns', async () => {
    const one = await harness.startLoader('one');
    await harness.addModel('model_v2');
    const results = await Promise.all(['model_v1', 'model_v2', 'model_v1'].map((name) => one.load(loadItem(name))));
    const generations = results.map(({ generation }) => generation);
    expect(generations).toEqual([1, 2, 3]);
    expect(one.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v1', generation: 3 });
  });
});
