import type { Series } from './comparison.js';

/** One way to do something, that says itself what it measured. */
export interface Probe {
  readonly label: string;
  measure(): Promise<number>;
}

/** One way to do something. Only `run` is timed. */
export interface Contestant {
  readonly label: string;
  run(): Promise<void>;
  /** Puts things back as they were. */
  after?(): Promise<void>;
}

/**
 * Takes measurements in turns, so that a machine that slows down slows all of them down; each round begins with another
 * one. The first round warms up and is not counted.
 */
export async function alternate(probes: readonly Probe[], rounds: number): Promise<Series[]> {
  const values = probes.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < probes.length; turn++) {
      const index = (round + turn) % probes.length;
      const value = await (probes[index] as Probe).measure();
      if (round > 0) values[index]?.push(value);
    }
  }
  return probes.map(({ label }, index) => ({ label, values: values[index] ?? [] }));
}

/** Measures the milliseconds that a contestant runs. */
export function timed({ label, run, after }: Contestant): Probe {
  return {
    label,
    async measure() {
      const begun = performance.now();
      await run();
      const elapsed = performance.now() - begun;
      await after?.();
      return elapsed;
    },
  };
}
