/**
 * Bytes that can be read at any offset: a file, a range of one, a buffer. Sizes and offsets are in bytes and exact up
 * to 2^53 − 1.
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Fills the whole of `target` with the bytes that start at `offset`.
   * @throws FormatError ZIP_TRUNCATED if the range does not lie inside the source
   */
  readInto(target: Uint8Array, offset: number): Promise<void>;
}

/**
 * Takes bytes in order. `write` may keep `chunk` until its promise settles, and no longer: the caller reuses the
 * buffer. A caller may start the next write before the last one settled; the order of the calls is the order of the bytes.
 */
export interface ByteSink {
  write(chunk: Uint8Array): Promise<void>;
}
