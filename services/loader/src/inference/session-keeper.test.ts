import type { Session, SessionExit } from '@caissa/session';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BatchedModel } from './batched-model.js';
import { type Kept, SessionKeeper } from './session-keeper.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A model whose process can be lost, and which is drained when `drained` settles. */
function fakeModel(drained: Promise<void> = Promise.resolve()) {
  let lose: (exit: SessionExit) => void = () => undefined;
  const exited = new Promise<SessionExit>((resolve) => {
    lose = resolve;
  });
  const close = vi.fn(async () => undefined);
  const session = { exited, close } as unknown as Session;
  const model = { drain: () => drained } as unknown as BatchedModel;
  return { kept: { session, model } satisfies Kept, close, lose: () => lose({ code: 1, signal: null }) };
}

function openKeeper(putAside?: (replaced: Kept) => boolean) {
  const [onLoss, reopen] = [vi.fn(), vi.fn()];
  return { keeper: new SessionKeeper({ onLoss, reopen, ...(putAside ? { putAside } : {}) }), onLoss, reopen };
}

it('a session that lived long is opened again at once, one that ends early or cannot be opened after growing pauses', async () => {
  const { keeper, onLoss, reopen } = openKeeper();
  const [first, second] = [fakeModel(), fakeModel()];
  keeper.keep(first.kept);
  await vi.advanceTimersByTimeAsync(60_000);
  first.lose();
  await vi.advanceTimersByTimeAsync(1);
  expect(keeper.kept).toBeUndefined();
  expect(onLoss).toHaveBeenCalledExactlyOnceWith(first.kept);
  expect(reopen).toHaveBeenCalledTimes(1);
  keeper.keep(second.kept);
  second.lose();
  await vi.advanceTimersByTimeAsync(499);
  expect(reopen).toHaveBeenCalledTimes(1);
  expect(keeper.isDue).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(reopen).toHaveBeenCalledTimes(2);
  keeper.failed();
  await vi.advanceTimersByTimeAsync(999);
  expect(reopen).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(reopen).toHaveBeenCalledTimes(3);
  keeper.forgive();
  expect(keeper.isDue).toBe(true);
});

it('what is replaced is put aside when it is idle, and ended if nobody takes it or it stays busy', async () => {
  const taken: Kept[] = [];
  const { keeper, onLoss, reopen } = openKeeper((replaced) => taken.push(replaced) === 1);
  const busy = fakeModel(new Promise(() => undefined));
  const [first, second, last] = [fakeModel(), fakeModel(), fakeModel()];
  for (const { kept } of [first, second, busy, last]) keeper.keep(kept);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(taken).toEqual([first.kept, second.kept]);
  expect([first, second, busy].map(({ close }) => close.mock.calls.length)).toEqual([0, 1, 0]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(busy.close).toHaveBeenCalledTimes(1);
  await keeper.close();
  expect(last.close).toHaveBeenCalledTimes(1);
  expect(keeper.kept).toBeUndefined();
  last.lose();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onLoss).not.toHaveBeenCalled();
  expect(reopen).not.toHaveBeenCalled();
});
