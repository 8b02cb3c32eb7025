import { type ByteSource, FormatError, quoteName } from '@caissa/bytes';
import { MAX_EXTRA_BYTES } from '../limits.js';
import { type ArchiveEntry, type DirectoryRecord, FLAG_DESCRIPTOR } from './entry.js';
import { MAX_DESCRIPTOR_BYTES, readLocalHeader } from './local-header.js';
import { readBytes, readUint64 } from './read-bytes.js';

const DESCRIPTOR_SIGNATURE = 0x0807_4b50;

/** Local headers that are read at the same time. */
const HEADERS_AT_ONCE = 64;

/**
 * Reads all local headers and checks that headers, data and descriptors fill the archive from its first byte to
 * `directoryOffset`, without overlap and without a byte between them that belongs to nobody.
 * @throws FormatError ZIP_AMBIGUOUS, ZIP_ENCRYPTED, ZIP_LIMIT, ZIP_TRUNCATED
 */
export async function readLayout(
  source: ByteSource,
  records: readonly DirectoryRecord[],
  directoryOffset: number,
): Promise<ArchiveEntry[]> {
  const inOrder = records.toSorted((a, b) => a.headerOffset - b.headerOffset);
  if (inOrder[0] !== undefined && inOrder[0].headerOffset !== 0) {
    throw new FormatError('ZIP_AMBIGUOUS', 'The archive has bytes before its first entry.', { offset: 0 });
  }
  const entries: ArchiveEntry[] = [];
  let extraBytes = 0;
  for (let first = 0; first < inOrder.length; first += HEADERS_AT_ONCE) {
    const batch = inOrder.slice(first, first + HEADERS_AT_ONCE);
    const headers = await Promise.all(batch.map((record) => readLocalHeader(source, record, directoryOffset)));
    for (const header of headers) {
      assertGapIsDescriptor(entries.at(-1), header.entry.headerOffset, header.before);
      entries.push(header.entry);
      extraBytes += header.extraBytes;
    }
    if (extraBytes > MAX_EXTRA_BYTES) {
      throw new FormatError('ZIP_LIMIT', 'The archive has more extra fields than a checkpoint may have.');
    }
  }
  const lastBytes = Math.min(directoryOffset, MAX_DESCRIPTOR_BYTES);
  const before = await readBytes(source, directoryOffset - lastBytes, lastBytes);
  assertGapIsDescriptor(entries.at(-1), directoryOffset, before);
  return entries;
}

/** Between the data of an entry and the next header is its data descriptor, if it has one, and nothing else. */
function assertGapIsDescriptor(entry: ArchiveEntry | undefined, nextOffset: number, before: Buffer): void {
  if (entry === undefined) return;
  const gapBytes = nextOffset - (entry.dataOffset + entry.compressedSizeBytes);
  if (gapBytes < 0) throw ambiguous(entry, 'overlaps the one after it');
  const expected = (entry.flags & FLAG_DESCRIPTOR) !== 0;
  if (!expected && gapBytes === 0) return;
  if (expected && gapBytes <= before.length && isDescriptor(before.subarray(before.length - gapBytes), entry)) return;
  throw ambiguous(entry, 'is followed by bytes that belong to no entry');
}

/** With or without signature, with 32-bit or 64-bit sizes. Source: APPNOTE 6.3.10, 4.3.9 */
function isDescriptor(bytes: Buffer, entry: ArchiveEntry): boolean {
  const hasSignature = bytes.length === 16 || bytes.length === 24;
  if (hasSignature && bytes.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE) return false;
  const body = hasSignature ? bytes.subarray(4) : bytes;
  if (body.length !== 12 && body.length !== 20) return false;
  const isWide = body.length === 20;
  const compressedSizeBytes = isWide ? readUint64(body, 4) : body.readUInt32LE(4);
  const sizeBytes = isWide ? readUint64(body, 12) : body.readUInt32LE(8);
  return (
    body.readUInt32LE(0) === entry.crc32 &&
    compressedSizeBytes === entry.compressedSizeBytes &&
    sizeBytes === entry.sizeBytes
  );
}

function ambiguous(entry: ArchiveEntry, what: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `Archive entry ${quoteName(entry.name)} ${what}.`, {
    entry: entry.name,
    offset: entry.dataOffset + entry.compressedSizeBytes,
  });
}
