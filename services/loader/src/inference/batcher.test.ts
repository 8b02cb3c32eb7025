import { AppError } from '@caissa/shared/errors';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BatchSettings } from './batch-policy.js';
import { Batcher } from './batcher.js';
import { POSITION_FLOATS } from './engine.js';
import { type OutputRows, PendingRequest } from './pending-request.js';
import { StatisticsRecorder } from './statistics.js';

/** Runs that end when they are told to. A position's value is the first number of its planes. */
function openBatcher(change: Partial<BatchSettings> = {}) {
  const runs: { values: number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const run = (boards: Float32Array, count: number) =>
    new Promise<OutputRows>((resolve, reject) => {
      const value = Float32Array.from({ length: count }, (_, row) => boards[row * POSITION_FLOATS.board] ?? -1);
      const end = () => resolve({ policy: new Float32Array(count * POSITION_FLOATS.policy), value });
      runs.push({ values: [...value], end, fail: reject });
    });
  let idles = 0;
  const settings = { maxBatch: 4, maxDelayMs: 5, maxQueuedPositions: 100, ...change };
  const recorder = new StatisticsRecorder();
  const batcher = new Batcher(run, settings, recorder, () => idles++);
  const ask = (values: number[], signal?: AbortSignal) => {
    const boards = new Float32Array(values.length * POSITION_FLOATS.board);
    for (const [row, value] of values.entries()) boards[row * POSITION_FLOATS.board] = value;
    const request = new PendingRequest(boards, values.length, null);
    batcher.submit(request, signal);
    return request.result.then(({ value }) => [...value]);
  };
  return { batcher, runs, recorder, ask, sizes: () => runs.map(({ values }) => values.length), idles: () => idles };
}

afterEach(() => vi.useRealTimers());

/** Long enough for what is decided at once, short of the delay. */
const soon = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('a batcher', () => {
  it('sends the request of a caller who is alone at once, every time', async () => {
    const { ask, runs, sizes } = openBatcher({ maxDelayMs: 10_000 });
    for (const value of [1, 2, 3]) {
      const answer = ask([value]);
      await soon();
      expect(sizes()).toHaveLength(value);
      runs.at(-1)?.end();
      expect(await answer).toEqual([value]);
    }
  });

  it('gives the session two runs at most, and the next as soon as one ends', async () => {
    const { ask, runs, sizes } = openBatcher();
    const answers = Promise.all(Array.from({ length: 14 }, (_, value) => ask([value])));
    await soon();
    expect(sizes()).toEqual([4, 4]);
    runs[0]?.end();
    await soon();
    expect(sizes()).toEqual([4, 4, 4]);
    runs[1]?.end();
    await soon();
    runs[2]?.end();
    await expect.poll(sizes).toEqual([4, 4, 4, 2]);
    runs[3]?.end();
    expect((await answers).flat()).toEqual(Array.from({ length: 14 }, (_, value) => value));
  });

  it('waits for those who were answered together, but not for ever', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const { ask, runs, sizes } = openBatcher({ maxDelayMs: 50 });
    const first = [ask([1]), ask([2]), ask([3])];
    await soon();
    runs[0]?.end();
    await Promise.all(first);
    const again = [ask([4]), ask([5])];
    await soon();
    expect(sizes()).toEqual([3]);
    again.push(ask([6]));
    await soon();
    expect(sizes()).toEqual([3, 3]);
    runs[1]?.end();
    await Promise.all(again);
    const last = ask([7]);
    await soon();
    expect(sizes()).toEqual([3, 3]);
    vi.advanceTimersByTime(49);
    await soon();
    expect(sizes()).toEqual([3, 3]);
    vi.advanceTimersByTime(1);
    await soon();
    expect(sizes()).toEqual([3, 3, 1]);
    runs[2]?.end();
    expect(await last).toEqual([7]);
  });

  it('lets small requests pass a large one, and never cuts one that fits into a batch', async () => {
    const { ask, runs } = openBatcher();
    const large = ask([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const small = ask([20, 21, 22]);
    const other = ask([30, 31]);
    for (let sent = 0; sent < 5; sent++) {
      await expect.poll(() => runs.length).toBeGreaterThan(sent);
      runs[sent]?.end();
    }
    expect(await Promise.all([large, small, other])).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [20, 21, 22],
      [30, 31],
    ]);
    expect(runs.map(({ values }) => values)).toEqual([[1, 2, 3, 4], [20, 21, 22], [30, 31], [5, 6, 7, 8], [9]]);
  });

  it('takes out the rest of a request whose caller gave up, also between its pieces', async () => {
    const { ask, runs, sizes, batcher, idles } = openBatcher();
    const controller = new AbortController();
    const large = ask([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], controller.signal);
    const small = ask([20]);
    await soon();
    controller.abort(new Error('gone'));
    await expect(large).rejects.toThrow('gone');
    const ending = setInterval(() => {
      for (const run of runs) run.end();
    }, 1);
    expect(await small).toEqual([20]);
    clearInterval(ending);
    await soon();
    expect(sizes().reduce((sum, size) => sum + size)).toBeLessThan(12);
    expect(batcher.isIdle).toBe(true);
    expect(idles()).toBeGreaterThan(0);
  });

  it('fails the requests of a run that fails, and goes on with the others', async () => {
    const { ask, runs, recorder } = openBatcher();
    const failing = ask([1, 2, 3, 4, 5, 6]);
    const other = ask([7]);
    const error = new AppError('SESSION_FAILED', 'no');
    const expected = expect(failing).rejects.toBe(error);
    await soon();
    runs[0]?.fail(error);
    await expected;
    await expect.poll(() => runs.map(({ values }) => values)).toEqual([[1, 2, 3, 4], [7]]);
    runs[1]?.end();
    expect(await other).toEqual([7]);
    expect(recorder.totals).toMatchObject({ success: { count: 1 }, fail: { count: 1 } });
  });
});
