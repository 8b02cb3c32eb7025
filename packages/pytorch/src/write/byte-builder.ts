/** Bytes that grow at the end. */
export class ByteBuilder {
  #buffer = Buffer.allocUnsafe(16 << 10);
  #length = 0;

  uint8(value: number): void {
    this.#buffer.writeUInt8(value, this.#reserve(1));
  }

  uint16(value: number): void {
    this.#buffer.writeUInt16LE(value, this.#reserve(2));
  }

  uint32(value: number): void {
    this.#buffer.writeUInt32LE(value, this.#reserve(4));
  }

  int32(value: number): void {
    this.#buffer.writeInt32LE(value, this.#reserve(4));
  }

  uint64(value: number): void {
    this.#buffer.writeBigUInt64LE(BigInt(value), this.#reserve(8));
  }

  float64BigEndian(value: number): void {
    this.#buffer.writeDoubleBE(value, this.#reserve(8));
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  fill(byte: number, count: number): void {
    const at = this.#reserve(count);
    this.#buffer.fill(byte, at, at + count);
  }

  /** The bytes so far; valid until more are added. */
  build(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    return at;
  }
}
