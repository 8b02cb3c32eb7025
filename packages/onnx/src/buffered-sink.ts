import type { ByteSink } from '@caissa/tensor';

/** Pieces below this are gathered: a model is mostly hundreds of small fields, and each write costs a system call. */
const BUFFER_SIZE_BYTES = 1 << 20;

/** How to watch and stop a {@link BufferedSink}. */
interface BufferedSinkOptions {
  readonly onProgress?: (bytesWritten: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** One of the two buffers, and the write that may still be reading it. */
interface Half {
  readonly bytes: Uint8Array;
  settled: Promise<void>;
}

/**
 * Gathers small pieces into large writes. Two buffers take turns, so that the next pieces are produced while the last
 * ones are written, and a caller may reuse a chunk as soon as `write` returned.
 */
export class BufferedSink {
  readonly #sink: ByteSink;
  readonly #totalBytes: number;
  readonly #options: BufferedSinkOptions;
  readonly #halves: readonly [Half, Half];
  #current: 0 | 1 = 0;
  #usedBytes = 0;
  #bytesWritten = 0;

  constructor(sink: ByteSink, totalBytes: number, options: BufferedSinkOptions) {
    this.#sink = sink;
    this.#totalBytes = totalBytes;
    this.#options = options;
    const bufferSizeBytes = Math.min(BUFFER_SIZE_BYTES, totalBytes);
    this.#halves = [newHalf(bufferSizeBytes), newHalf(bufferSizeBytes)];
  }

  /** Copies `chunk`, and waits only when both buffers are full. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#options.signal?.throwIfAborted();
    let taken = 0;
    while (taken < chunk.length) {
      const { bytes } = this.#halves[this.#current];
      const part = chunk.subarray(taken, taken + bytes.length - this.#usedBytes);
      bytes.set(part, this.#usedBytes);
      this.#usedBytes += part.length;
      taken += part.length;
      if (this.#usedBytes === bytes.length) await this.#swap();
    }
  }

  /** Writes what is gathered and waits until the sink has taken everything. */
  async flush(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    await this.#swap();
    await this.#halves[this.#current === 0 ? 1 : 0].settled;
  }

  /** Waits until no write is under way, whether they succeeded or not. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#halves.map((half) => half.settled));
  }

  async #swap(): Promise<void> {
    const half = this.#halves[this.#current];
    const sizeBytes = this.#usedBytes;
    if (sizeBytes > 0) {
      half.settled = this.#sink.write(half.bytes.subarray(0, sizeBytes)).then(() => this.#advance(sizeBytes));
      // A failed write is reported by whoever awaits this half next; until then it must not count as unhandled.
      half.settled.catch(() => undefined);
    }
    this.#current = this.#current === 0 ? 1 : 0;
    this.#usedBytes = 0;
    await this.#halves[this.#current].settled;
  }

  #advance(sizeBytes: number): void {
    this.#bytesWritten += sizeBytes;
    this.#options.onProgress?.(this.#bytesWritten, this.#totalBytes);
  }
}

function newHalf(sizeBytes: number): Half {
  return { bytes: new Uint8Array(new SharedArrayBuffer(sizeBytes)), settled: Promise.resolve() };
}
