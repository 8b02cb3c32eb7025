import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-io.js';

const PIECE_BYTES = 1 << 20;

/**
 * SHA-256 of all bytes of a source, as hexadecimal digits. Reads one piece while it computes on the one before.
 * @param onProgress told how much is done, 0 to 1
 * @throws FormatError ZIP_TRUNCATED if the source became shorter; the signal's reason
 */
export async function digestSource(
  source: ByteSource,
  signal?: AbortSignal,
  onProgress?: (share: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  let [current, other] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  const read = async (buffer: Uint8Array, offset: number): Promise<Uint8Array> => {
    const piece = buffer.subarray(0, Math.min(PIECE_BYTES, source.sizeBytes - offset));
    await source.readInto(piece, offset);
    return piece;
  };
  let pending = read(current, 0);
  for (let offset = 0; offset < source.sizeBytes; offset += PIECE_BYTES) {
    const piece = await pending;
    signal?.throwIfAborted();
    [current, other] = [other, current];
    const next = offset + PIECE_BYTES;
    if (next < source.sizeBytes) pending = read(current, next);
    hash.update(piece);
    onProgress?.((offset + piece.length) / source.sizeBytes);
  }
  await pending;
  return hash.digest('hex');
}
