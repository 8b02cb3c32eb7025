import type { Series } from './comparison.js';

/** One way to do something. Only `run` is timed. */
export interface Contestant {
  readonly label: string;
  run(): Promise<void>;
  /** Puts things back as they were. */
  after?(): Promise<void>;
}

/**
 * Times contestants in turns, so that a machine that slows down slows all of them down; each round begins with another
 * one. The first round warms up and is not counted. Milliseconds.
 */
export async function alternate(contestants: readonly Contestant[], rounds: number): Promise<Series[]> {
  const values = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      const elapsed = await time(contestants[index] as Contestant);
      if (round > 0) values[index]?.push(elapsed);
    }
  }
  return contestants.map(({ label }, index) => ({ label, values: values[index] ?? [] }));
}

async function time({ run, after }: Contestant): Promise<number> {
  const begun = performance.now();
  await run();
  const elapsed = performance.now() - begun;
  await after?.();
  return elapsed;
}
