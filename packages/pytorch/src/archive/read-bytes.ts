import { type ByteSource, FormatError } from '@caissa/bytes';

/** Reads a range into a buffer of its own. */
export async function readBytes(source: ByteSource, offset: number, lengthBytes: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  await source.readInto(bytes, offset);
  return bytes;
}

/**
 * A little-endian 64-bit number that is an exact integer.
 * @throws FormatError ZIP_AMBIGUOUS for 2^53 and more, which no file reaches
 */
export function readUint64(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at));
  if (Number.isSafeInteger(value)) return value;
  throw new FormatError(
    'ZIP_AMBIGUOUS',
    `The archive states a size or offset of ${value} bytes, which cannot be true.`,
  );
}
