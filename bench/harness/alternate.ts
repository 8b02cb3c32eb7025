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
 * Takes measurements in turns, so that a machine that slows down slows all of them down. The order is another one in each
 * round: what one leaves behind must not always meet the same other. The first round warms up and is not counted.
 */
export async function alternate(probes: readonly Probe[], rounds: number): Promise<Series[]> {
  const values = probes.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const index of shuffled(probes.length)) {
      const value = await (probes[index] as Probe).measure();
      if (round > 0) values[index]?.push(value);
    }
  }
  return probes.map(({ label }, index) => ({ label, values: values[index] ?? [] }));
}

function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => ({ index, key: Math.random() }));
  return order.sort((left, right) => left.key - right.key).map(({ index }) => index);
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
