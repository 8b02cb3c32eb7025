import { AppError } from '@caissa/shared/errors';
import { Conditions, createLogger } from '@caissa/shared/process';
import { expect, test, vi } from 'vitest';
import { watchStore } from './store-watch.js';

test('a store is looked at again and again, and a hanging one counts as away', async () => {
  vi.useFakeTimers();
  const conditions = new Conditions(createLogger('test', 'silent'));
  let check = async (): Promise<void> => undefined;
  const stop = watchStore({ check: () => check() }, conditions);
  await vi.advanceTimersByTimeAsync(0);
  expect(conditions.all).toEqual([]);
  check = () => Promise.reject(new AppError('STORE_UNAVAILABLE', 'The folder is read-only: mount it.'));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(conditions.all).toMatchObject([{ code: 'STORE_UNREACHABLE', message: 'The folder is read-only: mount it.' }]);
  let [looks, answer] = [0, () => {}];
  check = () => {
    looks++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  await vi.advanceTimersByTimeAsync(30_000);
  expect(conditions.all).toMatchObject([{ message: /does not answer/ }]);
  expect(looks).toBe(1);
  check = async () => undefined;
  answer();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(conditions.all).toEqual([]);
  stop();
  vi.useRealTimers();
});
