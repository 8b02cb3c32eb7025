import { spawnSync } from 'node:child_process';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EngineHarness,
  expectRow,
  oneByOne,
  openEngineHarness,
  somePositions,
} from '../../test-support/engine-harness.js';
import type { InferenceResult } from './engine.js';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await openEngineHarness();
  for (const [index, name] of ['one', 'two', 'three', 'four'].entries()) await harness.addModel(name, index + 1);
});
afterEach(() => harness.close());

const board = somePositions(1);
const ask = (model: { infer(boards: Float32Array, count: number): Promise<InferenceResult> } | undefined) => {
  if (model === undefined) throw new Error('the model is not ready');
  return model.infer(board, 1);
};
const names = (states: readonly { name: string; state: string }[]) =>
  states.filter(({ state }) => state === 'READY').map(({ name }) => name);

/** Process numbers of the sessions that this process has started. */
function childProcesses(): number[] {
  const found = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'session-child'], { encoding: 'utf8' });
  return found.stdout.split('\n').filter(Boolean).map(Number);
}

describe('the active model', () => {
  it('is found by its name and as active, in its version, and can be neither ended nor opened twice', async () => {
    const engine = harness.openEngine();
    expect(engine.find('active')).toBeUndefined();
    await expect(engine.load('active')).rejects.toMatchObject({ code: 'NO_ACTIVE_MODEL' });
    await expect(engine.unload('active')).rejects.toMatchObject({ code: 'NO_ACTIVE_MODEL' });
    await harness.serve(engine, 'one', 3);
    const active = engine.find('active');
    expect(active).toMatchObject({ name: 'one', version: '3', active: true, generation: 3 });
    expect(engine.find('one', '3')).toBe(active);
    expect(engine.find('active', '4')).toBeUndefined();
    expect(await engine.load('one')).toBe(active);
    await expect(engine.unload('one')).rejects.toMatchObject({ code: 'MODEL_ACTIVE', status: 409 });
    await expect(engine.unload('active')).rejects.toMatchObject({ code: 'MODEL_ACTIVE' });
    expect((await ask(active)).generation).toBe(3);
    engine.serveNothing();
    expect(engine.find('one')).toBeUndefined();
  });

  it('is awaited while it is not open here and nobody has said that none is', async () => {
    const pointer: { activeName: string | null | undefined } = { activeName: undefined };
    const engine = harness.openEngine({ pointer });
    const awaited = () => ['active', 'one', 'two'].filter((name) => engine.isAwaited(name));
    expect(awaited()).toEqual(['active']);
    pointer.activeName = null;
    expect(awaited()).toEqual([]);
    pointer.activeName = 'one';
    expect(awaited()).toEqual(['active', 'one']);
    await harness.serve(engine, 'one', 3);
    expect(awaited()).toEqual([]);
    engine.serveNothing();
    expect(awaited()).toEqual(['active', 'one']);
  });

  it('is exchanged under load: no request fails, and none is answered for another generation than its own', async () => {
    const engine = harness.openEngine();
    const expected: Awaited<ReturnType<typeof oneByOne>> = [];
    for (const name of ['one', 'two']) expected.push(...(await oneByOne(await harness.openSession(name), board)));
    let served = await harness.serve(engine, 'one', 1);
    let stopped = false;
    const seen: number[] = [];
    const client = async () => {
      while (!stopped) {
        const model = engine.find('active');
        const before = model?.generation;
        const result = await ask(model);
        expect(result.generation).toBe(before);
        // Odd generations are those of the first model, even ones those of the second.
        expectRow(result, 0, expected[((result.generation ?? 0) + 1) % 2]);
        seen.push(result.generation ?? 0);
      }
    };
    const clients = Promise.all(Array.from({ length: 20 }, client));
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    for (let generation = 2; generation <= 6; generation++) {
      const next = await harness.serve(engine, generation % 2 === 0 ? 'two' : 'one', generation);
      const { session, model } = served;
      void model.drain().then(() => session.close());
      served = next;
      await expect.poll(() => seen.at(-1)).toBe(generation);
    }
    stopped = true;
    await clients;
    expect([...new Set(seen)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(engine.positionsServed).toBe(seen.length);
  });

  it('goes on counting when its session is opened again for the same generation', async () => {
    const engine = harness.openEngine();
    await harness.serve(engine, 'one', 1);
    await ask(engine.find('active'));
    await harness.serve(engine, 'one', 1);
    await ask(engine.find('active'));
    expect(engine.find('active')?.statistics).toMatchObject({ inferenceCount: 2, success: { count: 2 } });
    await harness.serve(engine, 'one', 2);
    expect(engine.find('active')?.statistics.inferenceCount).toBe(0);
  });
});

describe('models beside the active one', () => {
  it('are opened by name, once for many callers, and answer as themselves', async () => {
    const engine = harness.openEngine();
    await harness.serve(engine, 'one', 1);
    const [model, again] = await Promise.all([engine.load('two'), engine.load('two')]);
    expect(again).toBe(model);
    expect(await engine.load('two')).toBe(model);
    expect(model).toMatchObject({ name: 'two', version: '7', active: false, generation: null });
    const [expected] = await oneByOne(await harness.openSession('two'), board);
    const result = await ask(engine.find('two', '7'));
    expectRow(result, 0, expected);
    expect(result.generation).toBeNull();
    expect(await engine.states()).toEqual([
      { name: 'one', version: '1', state: 'READY', reason: '' },
      { name: 'two', version: '7', state: 'READY', reason: '' },
      { name: 'four', version: '', state: 'UNAVAILABLE', reason: 'not loaded' },
      { name: 'three', version: '', state: 'UNAVAILABLE', reason: 'not loaded' },
    ]);
    expect(engine.sessions).toEqual([
      { name: 'one', version: '1', state: 'READY', active: true },
      { name: 'two', version: '7', state: 'READY', active: false },
    ]);
  });

  it('make room for others, the least recently used first, and never the active one', async () => {
    const engine = harness.openEngine({ versions: async () => new Map([['two', 8]]) });
    await harness.serve(engine, 'one', 1);
    await engine.load('two');
    await engine.load('three');
    const pending = ask(engine.find('two'));
    await engine.load('four');
    await pending;
    expect(names(await engine.states())).toEqual(['one', 'two', 'four']);
    engine.find('two');
    await engine.load('three');
    expect(names(await engine.states())).toEqual(['one', 'two', 'three']);
    // Without an active model there is room for one more; its activation takes it.
    engine.serveNothing();
    await engine.load('four');
    expect(names(engine.sessions)).toEqual(['two', 'three', 'four']);
    await harness.serve(engine, 'one', 2);
    await expect.poll(() => names(engine.sessions)).toEqual(['one', 'three', 'four']);
    expect(engine.sessionCount).toBe(3);
    expect((await engine.states()).find(({ name }) => name === 'two')).toMatchObject({ version: '8' });
    // A model that is activated is not held a second time.
    await harness.serve(engine, 'four', 3);
    await expect.poll(() => names(engine.sessions)).toEqual(['four', 'three']);
  });

  it('are ended by name, which may be repeated', async () => {
    const engine = harness.openEngine();
    const model = await engine.load('two');
    const last = ask(model);
    await engine.unload('two');
    await last;
    expect(engine.find('two')).toBeUndefined();
    await engine.unload('two');
    await expect(engine.unload('nothing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('are opened anew when their file was replaced, the old one answering until then', async () => {
    const engine = harness.openEngine();
    const before = await engine.load('two');
    const old = await ask(before);
    await harness.addModel('two', 77);
    const loading = engine.load('two');
    expect((await ask(engine.find('two'))).policy).toEqual(old.policy);
    const after = await loading;
    expect(after).not.toBe(before);
    expect((await ask(engine.find('two'))).policy).not.toEqual(old.policy);
    await truncate(join(harness.modelsFolder, 'two.pt'), 1000);
    await expect(engine.load('two')).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    expect(engine.find('two')).toBe(after);
  });

  it('that cannot be opened say why, take no room, and are tried again', async () => {
    const engine = harness.openEngine();
    await expect(engine.load('nothing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await truncate(join(harness.modelsFolder, 'two.pt'), 1000);
    await expect(engine.load('two')).rejects.toMatchObject({ name: 'AppError', code: 'ZIP_TRUNCATED' });
    expect(engine.sessionCount).toBe(0);
    const state = async () => (await engine.states()).find(({ name }) => name === 'two');
    expect(await state()).toMatchObject({ state: 'UNAVAILABLE', reason: expect.stringContaining('two.pt') });
    await harness.addModel('two', 2);
    await engine.load('two');
    expect(await state()).toEqual({ name: 'two', version: '7', state: 'READY', reason: '' });
  });

  it('are started again when their process is killed, and go on counting', async () => {
    const engine = harness.openEngine();
    const before = childProcesses();
    const model = await engine.load('two');
    await ask(model);
    const pid = childProcesses().find((child) => !before.includes(child));
    if (pid === undefined) throw new Error('the session has no process');
    const pending = model.infer(somePositions(2000), 2000);
    process.kill(pid, 'SIGKILL');
    await expect(pending).rejects.toMatchObject({ code: 'SESSION_FAILED', retryable: true });
    while (engine.sessionRestarts === 0) await setImmediate();
    expect([engine.find('two'), engine.isHeld('two'), engine.isHeld('one')]).toEqual([undefined, true, false]);
    expect(engine.sessions).toMatchObject([{ name: 'two', version: '7', state: expect.not.stringMatching('READY') }]);
    await expect.poll(() => engine.find('two') !== undefined).toBe(true);
    await ask(engine.find('two'));
    expect(engine.find('two')?.statistics).toMatchObject({ success: { count: 2 }, fail: { count: 1 } });
  });

  it('that are unloaded while they are opened are not opened', async () => {
    const engine = harness.openEngine();
    const loading = engine.load('two');
    const outcome = expect(loading).rejects.toMatchObject({ code: 'CANCELLED' });
    while (engine.sessionCount === 0) await setImmediate();
    await engine.unload('two');
    await outcome;
    expect(engine.sessionCount).toBe(0);
    await rm(join(harness.modelsFolder, 'two.pt'));
    expect((await engine.states()).map(({ name }) => name)).not.toContain('two');
  });
});
