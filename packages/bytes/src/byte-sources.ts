import type { ByteSource } from './byte-io.js';
import { FormatError } from './format-error.js';

/** Bytes that are in memory already. */
export class BufferSource implements ByteSource {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assertInside(this, target.length, offset);
    target.set(this.#bytes.subarray(offset, offset + target.length));
  }
}

/**
 * Checks that a range lies inside a source.
 * @throws FormatError ZIP_TRUNCATED if it does not
 */
export function assertInside(source: ByteSource, lengthBytes: number, offset: number): void {
  if (offset >= 0 && lengthBytes <= source.sizeBytes - offset) return;
  throw new FormatError('ZIP_TRUNCATED', `The file ends at byte ${source.sizeBytes}, before the data it promises.`, {
    offset,
  });
}
