import { type ByteSource, FormatError, quoteName } from '@caissa/bytes';
import { type ArchiveEntry, type DirectoryRecord, FLAG_DESCRIPTOR, FLAGS_ENCRYPTION, SENTINEL_32 } from './entry.js';
import { findZip64Extra } from './extra-field.js';
import { readBytes, readUint64 } from './read-bytes.js';

const HEADER_BYTES = 30;
const HEADER_SIGNATURE = 0x0403_4b50;

/** The longest data descriptor: signature, CRC, two 64-bit sizes. */
export const MAX_DESCRIPTOR_BYTES = 24;

/** Extra fields are read along with the header; PyTorch's padding takes up to 67 bytes. */
const USUAL_EXTRA_BYTES = 96;

/** The local header of an entry, and the bytes before it, where the descriptor of the entry before it may lie. */
export interface LocalHeader {
  readonly entry: ArchiveEntry;
  /** The last bytes before the header, at most {@link MAX_DESCRIPTOR_BYTES}. */
  readonly before: Buffer;
  /** How many bytes of extra fields it has. */
  readonly extraBytes: number;
}

/**
 * Reads one local header and checks that it says what the directory says. Source: APPNOTE 6.3.10, 4.3.7
 * @throws FormatError ZIP_AMBIGUOUS, ZIP_ENCRYPTED, ZIP_TRUNCATED
 */
export async function readLocalHeader(
  source: ByteSource,
  record: DirectoryRecord,
  limit: number,
): Promise<LocalHeader> {
  const start = Math.max(0, record.headerOffset - MAX_DESCRIPTOR_BYTES);
  const usual = record.headerOffset + HEADER_BYTES + record.nameBytes.length + USUAL_EXTRA_BYTES;
  if (record.headerOffset + HEADER_BYTES > limit) throw ambiguous(record, 'has no local header');
  const window = await readBytes(source, start, Math.min(usual, limit) - start);
  const header = window.subarray(record.headerOffset - start);
  if (header.readUInt32LE(0) !== HEADER_SIGNATURE) throw ambiguous(record, 'has no local header');
  const flags = header.readUInt16LE(6); // general-purpose flags, 2 bytes
  if ((flags & FLAGS_ENCRYPTION) !== 0) {
    throw new FormatError('ZIP_ENCRYPTED', `Archive entry ${quoteName(record.name)} is encrypted.`, {
      entry: record.name,
    });
  }
  const nameEnd = HEADER_BYTES + header.readUInt16LE(26); // length of the name, 2 bytes
  const extraEnd = nameEnd + header.readUInt16LE(28); // length of the extra fields, 2 bytes
  const isSame =
    flags === record.flags &&
    header.readUInt16LE(8) === record.method && // compression method, 2 bytes
    header.subarray(HEADER_BYTES, nameEnd).equals(record.nameBytes);
  const dataOffset = record.headerOffset + extraEnd;
  if (!isSame || dataOffset > limit) throw ambiguous(record, 'has a local header that disagrees with the directory');
  const extra =
    extraEnd <= header.length
      ? header.subarray(nameEnd, extraEnd)
      : await readBytes(source, record.headerOffset + nameEnd, extraEnd - nameEnd);
  assertSameSizes(header, extra, record);
  const before = window.subarray(0, record.headerOffset - start);
  return { entry: { ...record, dataOffset }, before, extraBytes: extra.length };
}

/** CRC and sizes equal those of the directory; where a descriptor follows, they may also be left at 0. */
function assertSameSizes(header: Buffer, extra: Buffer, record: DirectoryRecord): void {
  const zip64 = findZip64Extra(extra, record.name);
  let at = 0;
  const resolve = (value: number): number => {
    if (value !== SENTINEL_32 || zip64 === undefined) return value;
    if (at + 8 > zip64.length) throw ambiguous(record, 'states 64-bit sizes that do not fit its header');
    at += 8;
    return readUint64(zip64, at - 8);
  };
  const sizeBytes = resolve(header.readUInt32LE(22)); // size, 4 bytes
  const compressedSizeBytes = resolve(header.readUInt32LE(18)); // compressed size, 4 bytes
  const crc32 = header.readUInt32LE(14); // CRC-32, 4 bytes
  const mayBeOpen = (record.flags & FLAG_DESCRIPTOR) !== 0;
  const agrees = (local: number, central: number): boolean => local === central || (mayBeOpen && local === 0);
  const isSame =
    agrees(crc32, record.crc32) &&
    agrees(sizeBytes, record.sizeBytes) &&
    agrees(compressedSizeBytes, record.compressedSizeBytes);
  if (!isSame) throw ambiguous(record, 'has a local header that states another size or CRC than the directory');
}

function ambiguous(record: DirectoryRecord, what: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `Archive entry ${quoteName(record.name)} ${what}.`, {
    entry: record.name,
    offset: record.headerOffset,
  });
}
