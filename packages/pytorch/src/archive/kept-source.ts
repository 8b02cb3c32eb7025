import { assertInside, type ByteSource } from '@caissa/bytes';

/** Sources that were read whole, those that were used last: as many as fit. */
export class KeptEntries {
  readonly #maxBytes: number;
  /** The one used longest ago first. */
  readonly #kept = new Map<ByteSource, Uint8Array>();
  #keptBytes = 0;
  /** Sources are read one after the other, so that no more of them than is kept is in memory, and one. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** All bytes of a source. @throws what reading it throws */
  read(source: ByteSource): Promise<Uint8Array> {
    const turn = this.#turn.then(async () => this.#take(source) ?? (await this.#load(source)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #take(source: ByteSource): Uint8Array | undefined {
    const bytes = this.#kept.get(source);
    if (bytes === undefined) return undefined;
    this.#kept.delete(source);
    this.#kept.set(source, bytes);
    return bytes;
  }

  async #load(source: ByteSource): Promise<Uint8Array> {
    // Before there is room needed for the new one.
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes + source.sizeBytes <= this.#maxBytes) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
    const bytes = new Uint8Array(source.sizeBytes);
    await source.readInto(bytes, 0);
    this.#kept.set(source, bytes);
    this.#keptBytes += bytes.length;
    return bytes;
  }
}

/** Bytes of a source that is read whole at the first use of it, so that they can be read in any order. */
export class KeptSource implements ByteSource {
  readonly #source: ByteSource;
  readonly #entries: KeptEntries;

  constructor(source: ByteSource, entries: KeptEntries) {
    this.#source = source;
    this.#entries = entries;
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes;
  }

  /** Fills `target` from `offset` on. @throws FormatError ZIP_TRUNCATED, and what reading the source throws */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assertInside(this, target.length, offset);
    const bytes = await this.#entries.read(this.#source);
    target.set(bytes.subarray(offset, offset + target.length));
  }
}
