import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Mutex } from './mutex.js';

it('runs one piece of work at a time, in order, and goes on after a failure', async () => {
  const mutex = new Mutex();
  const seen: string[] = [];
  const work = (name: string, ms: number) => async () => {
    seen.push(`${name} begins`);
    await delay(ms);
    seen.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const [a, b, c] = [mutex.run(work('a', 20)), mutex.run(work('b', 10)), mutex.run(work('c', 0))];
  await expect(b).rejects.toThrow('b failed');
  expect(await Promise.all([a, c])).toEqual(['a', 'c']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
