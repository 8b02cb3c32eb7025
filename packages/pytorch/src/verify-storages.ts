import { crc32 } from 'node:zlib';
import { type BlockWriter, readBlocks } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { assertCrc } from './write/archive-plan.js';

/**
 * Reads storages through once and compares the CRCs that their file states. Storages without one are passed over.
 * @param onRead called after each piece with its bytes
 * @throws FormatError ZIP_CRC, ZIP_TRUNCATED; the signal's reason
 */
export async function verifyStorages(
  storages: Iterable<Storage>,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<void> {
  let readBytes = 0;
  const onProgress = (done: number): void => {
    onRead?.(done - readBytes);
    readBytes = done;
  };
  const read = async (out: BlockWriter): Promise<void> => {
    for (const storage of storages) await verifyStorage(out, storage);
  };
  await readBlocks(read, { onProgress, signal });
}

async function verifyStorage(out: BlockWriter, { key, source, offsetBytes, sizeBytes, crc32: expected }: Storage) {
  if (expected === undefined) return;
  let actual = 0;
  await out.copy({ source, offsetBytes, lengthBytes: sizeBytes }, (bytes) => {
    actual = crc32(bytes, actual);
  });
  await out.writeLater(0, () => {
    assertCrc(actual, expected, `data/${key}`);
    return new Uint8Array(0);
  });
}
