import { queryGpu } from './nvidia-smi.js';

/** A reading this old is taken again; each one starts a process. */
const MAX_AGE_MS = 5_000;

const BYTES_PER_MIB = 2 ** 20;

/** Knows how much memory of the first GPU is in use, by all processes, without ever making anybody wait. */
export class GpuMemory {
  readonly #maxAgeMs: number;
  #usedBytes: number | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading = false;

  constructor(maxAgeMs = MAX_AGE_MS) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Bytes in use when it was last read; nothing before the first reading, or where the driver does not tell. */
  get usedBytes(): number | undefined {
    if (!this.#reading && performance.now() - this.#readMs > this.#maxAgeMs) void this.#read();
    return this.#usedBytes;
  }

  async #read(): Promise<void> {
    this.#reading = true;
    const text = await queryGpu('memory.used');
    this.#usedBytes = text !== undefined && /^\d+$/.test(text) ? Number(text) * BYTES_PER_MIB : undefined;
    this.#readMs = performance.now();
    this.#reading = false;
  }
}
