const FIRST_CAPACITY_BYTES = 64 << 10;

/**
 * Gathers pieces into one buffer that grows with what has arrived and not with what was announced, so that a client who
 * announces much and sends little holds little. A body of a single piece is not copied.
 */
export class GrowingBuffer {
  /** Largest size that is worth having room for. */
  readonly #expectedBytes: number;
  #buffer: Buffer | undefined;
  #lengthBytes = 0;

  /** @param expectedBytes the size that was announced, or the largest one allowed */
  constructor(expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Appends a piece. */
  add(piece: Buffer): void {
    const length = this.#lengthBytes + piece.length;
    if (this.#buffer === undefined) this.#buffer = piece;
    else {
      if (length > this.#buffer.length) this.#buffer = this.#grown(this.#buffer, length);
      this.#buffer.set(piece, this.#lengthBytes);
    }
    this.#lengthBytes = length;
  }

  /** All pieces, in memory that is used for nothing else. */
  take(): Buffer {
    return this.#buffer?.subarray(0, this.#lengthBytes) ?? Buffer.alloc(0);
  }

  #grown(buffer: Buffer, neededBytes: number): Buffer {
    const doubled = Math.max(2 * buffer.length, FIRST_CAPACITY_BYTES);
    const capacity = Math.max(neededBytes, Math.min(doubled, this.#expectedBytes));
    const grown = Buffer.allocUnsafeSlow(capacity);
    grown.set(buffer.subarray(0, this.#lengthBytes));
    return grown;
  }
}
