import { hrtime } from 'node:process';

const TRIES = 10;

/**
 * Does `work` until it has once taken less than `limitMs`, and fails if it never does. What is too slow by itself is so
 * each time; on a machine that is busy with other things it is not. Looks at no clock that a test may have replaced.
 */
export async function atBestWithin(limitMs: number, work: () => Promise<unknown>): Promise<void> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES && bestMs >= limitMs; tried++) {
    const begun = hrtime.bigint();
    await work();
    bestMs = Math.min(bestMs, Number(hrtime.bigint() - begun) / 1e6);
  }
  if (bestMs >= limitMs) throw new Error(`took ${Math.round(bestMs)} ms at best, and not less than ${limitMs} ms`);
}
