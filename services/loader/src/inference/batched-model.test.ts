import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  boardAt,
  type EngineHarness,
  expectRow,
  oneByOne,
  openEngineHarness,
  somePositions,
} from '../../test-support/engine-harness.js';

let harness: EngineHarness;
beforeAll(async () => {
  harness = await openEngineHarness();
  await harness.addModel('small');
});
afterAll(() => harness.close());

const failed = { name: 'AppError', code: 'SESSION_FAILED', retryable: true };

describe('a batched model', () => {
  it('answers many callers at once with few runs, each as if it had been alone', async () => {
    const { model, session } = await harness.openModel('small');
    const boards = somePositions(100);
    const expected = await oneByOne(session, boards);
    const results = await Promise.all(expected.map((_, index) => model.infer(boardAt(boards, index), 1)));
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ generation: 5, policy: { length: 4096 }, value: { length: 1 } });
      expect(result.timing.queueNs).toBeGreaterThan(0);
      expect(result.timing.runNs).toBeGreaterThan(0);
      expectRow(result, 0, expected[index]);
    }
    const { statistics } = model;
    expect(statistics).toMatchObject({ inferenceCount: 100, success: { count: 100 }, fail: { count: 0, ns: 0 } });
    expect(statistics.executionCount).toBeLessThanOrEqual(4);
    expect(statistics.batches.reduce((sum, { batchSize, count }) => sum + batchSize * count, 0)).toBe(100);
    expect(statistics.success.ns).toBeGreaterThanOrEqual(statistics.queue.ns);
    expect(Date.now() - statistics.lastInferenceMs).toBeLessThan(60_000);
  });

  it('splits a request that is larger than a batch, and joins it in order while others are answered', async () => {
    const { model, session } = await harness.openModel('small', { maxBatch: 16 });
    const boards = somePositions(50);
    const expected = await oneByOne(session, boards);
    const [whole, single] = await Promise.all([model.infer(boards, 50), model.infer(boardAt(boards, 7), 1)]);
    for (const [index, row] of expected.entries()) expectRow(whole, index, row);
    expectRow(single, 0, expected[7]);
    const { batches, success } = model.statistics;
    expect(Math.max(...batches.map(({ batchSize }) => batchSize))).toBe(16);
    expect(success.count).toBe(2);
  });

  it('answers nothing for nothing, and refuses planes that are not those of so many positions', async () => {
    const { model } = await harness.openModel('small');
    await expect(model.infer(new Float32Array(0), 0)).resolves.toMatchObject({ policy: { length: 0 }, generation: 5 });
    await expect(model.infer(somePositions(1), 2)).rejects.toThrow(RangeError);
    expect(model.statistics.executionCount).toBe(0);
  });

  it('refuses what is more than may wait, and answers the rest', async () => {
    const { model } = await harness.openModel('small', { maxQueuedPositions: 10 });
    const boards = somePositions(12);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) => model.infer(boardAt(boards, index), 1)),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refused).toHaveLength(2);
    for (const reason of refused) {
      expect(reason).toMatchObject({ code: 'OVERLOADED', status: 503, retryAfterSeconds: 1 });
    }
    expect(model.statistics).toMatchObject({ success: { count: 10 }, fail: { count: 2 } });
    // What could never wait beside others is taken while nothing waits.
    await expect(model.infer(somePositions(30), 30)).resolves.toMatchObject({ value: { length: 30 } });
  });

  it('lets a caller give up without disturbing the others', async () => {
    const { model, session } = await harness.openModel('small');
    const boards = somePositions(3);
    const expected = await oneByOne(session, boards);
    const controller = new AbortController();
    const gone = model.infer(boardAt(boards, 1), 1, controller.signal);
    const others = [model.infer(boardAt(boards, 0), 1), model.infer(boardAt(boards, 2), 1)];
    const reason = new Error('the client went away');
    controller.abort(reason);
    await expect(gone).rejects.toBe(reason);
    const [first, last] = await Promise.all(others);
    if (first === undefined || last === undefined) throw new Error('two answers were expected');
    expectRow(first, 0, expected[0]);
    expectRow(last, 0, expected[2]);
    expect(model.statistics).toMatchObject({ inferenceCount: 2, success: { count: 2 }, fail: { count: 1 } });
    await expect(model.infer(boardAt(boards, 0), 1, controller.signal)).rejects.toBe(reason);
  });

  it('fails every request of a session that is killed, and those that come later', async () => {
    const { model, session } = await harness.openModel('small');
    const boards = somePositions(2000);
    const pending = Promise.allSettled([model.infer(boards, 2000), model.infer(boardAt(boards, 0), 1)]);
    process.kill(session.pid, 'SIGKILL');
    for (const outcome of await pending) expect(outcome).toMatchObject({ status: 'rejected', reason: failed });
    await session.exited;
    expect(model.isReady).toBe(false);
    await expect(model.infer(boardAt(boards, 0), 1)).rejects.toMatchObject(failed);
    await model.drain();
  });

  it('answers what it has taken, and who comes just behind, before it is drained', async () => {
    const { model } = await harness.openModel('small');
    const boards = somePositions(300);
    const large = model.infer(boards, 300);
    expect(model).toMatchObject({ isReady: true, active: true });
    let drained = false;
    const draining = model.drain().then(() => {
      drained = true;
    });
    expect(model).toMatchObject({ isReady: false, active: false });
    await delay(10);
    const late = model.infer(boardAt(boards, 3), 1);
    expect(drained).toBe(false);
    await Promise.all([large, late, draining]);
    await expect(model.infer(boardAt(boards, 3), 1)).rejects.toMatchObject(failed);
  });
});
