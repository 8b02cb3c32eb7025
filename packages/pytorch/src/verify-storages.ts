import { totalBytes } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { assertCrc } from './write/archive-plan.js';
import type { Segment } from './write/segment.js';
import { streamSegments } from './write/segment-stream.js';

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
  await streamSegments(checks(storages), async (pieces) => onRead?.(totalBytes(pieces)), {
    takesRanges: false,
    signal,
  });
}

function* checks(storages: Iterable<Storage>): Generator<Segment> {
  for (const { key, source, offsetBytes, sizeBytes, crc32: expected } of storages) {
    if (expected === undefined) continue;
    const tally = { crc32: 0 };
    yield { kind: 'data', source, offsetBytes, lengthBytes: sizeBytes, tally };
    const make = (): Uint8Array => {
      assertCrc(tally.crc32, expected, `data/${key}`);
      return new Uint8Array(0);
    };
    yield { kind: 'late', lengthBytes: 0, make };
  }
}
