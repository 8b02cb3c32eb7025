import { expect, test } from 'vitest';
import { Coalesced } from './coalesced.js';

/** A source whose readings end when the test says so. */
function controlled() {
  let value = 0;
  let begun = 0;
  const ends: ((error?: Error) => void)[] = [];
  const coalesced = new Coalesced(() => {
    begun++;
    const found = value;
    return new Promise<number>((resolve, reject) => {
      ends.push((error) => (error ? reject(error) : resolve(found)));
    });
  });
  const settle = async (error?: Error) => {
    await new Promise(setImmediate);
    ends.shift()?.(error);
    await new Promise(setImmediate);
  };
  return { coalesced, settle, change: () => ++value, begun: () => begun };
}

test('whoever asks while a reading is under way gets a later one, and they share it', async () => {
  const { coalesced, settle, change, begun } = controlled();
  const first = coalesced.get();
  await new Promise(setImmediate);
  change();
  const late = [coalesced.get(), coalesced.get(), coalesced.get()];
  await settle();
  expect(await first).toBe(0);
  await settle();
  expect(await Promise.all(late)).toEqual([1, 1, 1]);
  expect(begun()).toBe(2);
});

test('a reading that fails is no reason not to read again', async () => {
  const { coalesced, settle } = controlled();
  const first = coalesced.get();
  const outcome = expect(first).rejects.toThrow('away');
  await new Promise(setImmediate);
  const second = coalesced.get();
  await settle(new Error('away'));
  await outcome;
  await settle();
  expect(await second).toBe(0);
});
