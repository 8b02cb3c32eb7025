import type { ByteSource } from '@caissa/bytes';

/** All bytes of a source. */
export async function bytesOf(source: ByteSource): Promise<Buffer> {
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.readInto(bytes, 0);
  return bytes;
}
