import { BufferSource, type ByteSink } from '@caissa/bytes';

/** Keeps what is written; takes each chunk late, as a file does, and notices if its bytes change meanwhile. */
export class MemorySink implements ByteSink {
  readonly #chunks: Buffer[] = [];

  async write(chunk: Uint8Array): Promise<void> {
    const index = this.#chunks.push(Buffer.from(chunk)) - 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#chunks[index]?.equals(chunk) !== true) throw new Error('A chunk changed before it was taken.');
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** What was written, to be read again. */
  get source(): BufferSource {
    return new BufferSource(this.bytes);
  }
}
