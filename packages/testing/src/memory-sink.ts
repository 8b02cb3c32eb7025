import { BufferSource, type ByteSink } from '@caissa/bytes';

/** Keeps what is written. */
export class MemorySink implements ByteSink {
  readonly #chunks: Buffer[] = [];

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(Buffer.from(chunk));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** What was written, to be read again. */
  get source(): BufferSource {
    return new BufferSource(this.bytes);
  }
}
