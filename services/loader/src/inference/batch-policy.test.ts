import { describe, expect, it } from 'vitest';
import { type BatchSettings, type BatchSituation, waitForBatch, wantedSize } from './batch-policy.js';

const settings: BatchSettings = { maxBatch: 64, maxDelayMs: 2, maxQueuedPositions: 4096 };
const NEVER = Number.POSITIVE_INFINITY;

/** One request that has just come to an idle session. */
const situation = (change: Partial<BatchSituation>): BatchSituation => ({
  nowMs: 1000,
  queuedPositions: 1,
  queuedRequests: 1,
  oldestMs: 1000,
  runsInFlight: 0,
  positionsInFlight: 0,
  expectedEndMs: 0,
  expectedRunMs: 0,
  idleSinceMs: Number.NEGATIVE_INFINITY,
  expectedRequests: 0,
  ...change,
});
const wait = (change: Partial<BatchSituation>) => waitForBatch(situation(change), settings);

describe('when the session is idle', () => {
  it('nobody who is alone waits, at first or again and again', () => {
    expect(wait({})).toBe(0);
    expect(wait({ idleSinceMs: 999.5, expectedRequests: 1 })).toBe(0);
  });

  it('those who were answered together are waited for, until all are there or the delay is over', () => {
    const burst = { idleSinceMs: 999.5, expectedRequests: 8 };
    expect(wait(burst)).toBe(2);
    expect(wait({ ...burst, nowMs: 1001.5, queuedRequests: 7, queuedPositions: 7 })).toBe(0.5);
    expect(wait({ ...burst, queuedRequests: 8, queuedPositions: 8 })).toBe(0);
    expect(wait({ ...burst, nowMs: 1002 })).toBe(0);
    expect(wait({ ...burst, nowMs: 1005 })).toBe(0);
  });

  it('who waited for the run to end waits for others from its end on', () => {
    expect(wait({ nowMs: 1000.5, oldestMs: 900, idleSinceMs: 1000, expectedRequests: 8 })).toBe(1.5);
  });

  it('who comes later than the delay after the others does not wait for them', () => {
    expect(wait({ oldestMs: 1000, idleSinceMs: 997, expectedRequests: 8 })).toBe(0);
  });

  it('a full batch does not wait', () => {
    expect(wait({ idleSinceMs: 999.9, expectedRequests: 80, queuedRequests: 2, queuedPositions: 64 })).toBe(0);
  });
});

describe('when a run is in progress', () => {
  const running = { runsInFlight: 1, positionsInFlight: 32, expectedEndMs: 1100, expectedRunMs: 200 };

  it('the next batch is sent a little before its end, so that the session finds it there', () => {
    expect(wait({ ...running, queuedPositions: 32, queuedRequests: 32 })).toBe(100 - 20 - 2);
    expect(wait({ ...running, nowMs: 1090, queuedPositions: 32, queuedRequests: 32 })).toBe(0);
  });

  it('a full batch is sent at once, a small one waits for those who are answered', () => {
    expect(wait({ ...running, queuedPositions: 64, queuedRequests: 64 })).toBe(0);
    expect(wait({ ...running, nowMs: 1099, queuedPositions: 15, queuedRequests: 15 })).toBe(NEVER);
  });

  it('no more than two are given to the session, and none of nothing', () => {
    expect(wait({ ...running, runsInFlight: 2, queuedPositions: 640 })).toBe(NEVER);
    expect(wait({ ...running, queuedPositions: 0, queuedRequests: 0 })).toBe(NEVER);
    expect(wait({ queuedPositions: 0, queuedRequests: 0 })).toBe(NEVER);
  });
});

describe('the size of a batch', () => {
  it.each([
    [1, 0, 16],
    [64, 0, 32],
    [63, 1, 32],
    [32, 32, 32],
    [100, 0, 50],
    [1000, 64, 64],
  ])('with %d waiting and %d in flight is %d', (queuedPositions, positionsInFlight, size) => {
    expect(wantedSize({ queuedPositions, positionsInFlight }, 64)).toBe(size);
  });

  it('is never more than may be', () => {
    expect(wantedSize({ queuedPositions: 40, positionsInFlight: 0 }, 8)).toBe(8);
  });
});
