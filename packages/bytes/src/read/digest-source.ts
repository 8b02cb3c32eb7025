import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ByteSource } from '../byte-io.js';
import { readBlocks } from '../write/block-writer.js';

/**
 * SHA-256 of all bytes of a source, as hexadecimal digits.
 * @param onProgress told how much is done, 0 to 1
 * @throws FormatError ZIP_TRUNCATED if the source became shorter; the signal's reason
 */
export async function digestSource(
  source: ByteSource,
  signal?: AbortSignal,
  onProgress?: (share: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  const lengthBytes = source.sizeBytes;
  const add = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    // Others get their turn, though the next bytes may be there already.
    await setImmediate();
  };
  await readBlocks((out) => out.copy({ source, offsetBytes: 0, lengthBytes }, add), {
    onProgress: (done) => onProgress?.(done / lengthBytes),
    signal,
  });
  return hash.digest('hex');
}
