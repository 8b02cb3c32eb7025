import { queryGpu } from './nvidia-smi.js';

/** A reading this old is taken again; each one starts a process. */
const MAX_AGE_MS = 5_000;

const BYTES_PER_MIB = 2 ** 20;

/** Memory of a GPU, in bytes. */
interface GpuMemoryReading {
  /** What all processes together use. */
  readonly usedBytes: number;
  readonly totalBytes: number;
}

/** Knows how much memory the first GPU has and how much of it is in use, without ever making anybody wait. */
export class GpuMemory {
  readonly #maxAgeMs: number;
  #reading: GpuMemoryReading | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(maxAgeMs = MAX_AGE_MS) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** The last reading; undefined before the first, or where the driver does not tell. */
  get reading(): GpuMemoryReading | undefined {
    if (!this.#isReading && performance.now() - this.#readMs > this.#maxAgeMs) void this.#read();
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const [, used, total] = /^(\d+), (\d+)$/.exec((await queryGpu('memory.used,memory.total')) ?? '') ?? [];
    this.#reading =
      used === undefined || total === undefined
        ? undefined
        : { usedBytes: Number(used) * BYTES_PER_MIB, totalBytes: Number(total) * BYTES_PER_MIB };
    this.#readMs = performance.now();
    this.#isReading = false;
  }
}
