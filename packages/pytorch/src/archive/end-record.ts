import { type ByteRange, type ByteSource, FormatError } from '@caissa/bytes';
import { MAX_DIRECTORY_BYTES, MAX_ENTRIES } from '../limits.js';
import { SENTINEL_16, SENTINEL_32 } from './entry.js';
import { readBytes, readUint64 } from './read-bytes.js';

/** The central directory. */
export interface DirectoryRange extends ByteRange {
  readonly entryCount: number;
}

/** The central directory, and what follows the archive. */
interface EndRecord extends DirectoryRange {
  /** Bytes after the end record: its comment, and what belongs to nobody. */
  readonly trailingBytes: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;
const END_SIGNATURE = 0x0605_4b50;
const END_SIGNATURE_BYTES = Buffer.from('PK\u0005\u0006');
const HEADER_SIGNATURE_BYTES = Buffer.from('PK\u0003\u0004');
const LOCATOR_SIGNATURE = 0x0706_4b50;
const END64_SIGNATURE = 0x0606_4b50;

/**
 * Reads the end records, which stand directly after the directory: then there is one way only to read the archive.
 * Source: APPNOTE 6.3.10, 4.3.14 to 4.3.16
 * @throws FormatError ZIP_TRUNCATED, ZIP_AMBIGUOUS, ZIP_LIMIT
 */
export async function readEndRecord(source: ByteSource): Promise<EndRecord> {
  const endOffset = await findEnd(source);
  const tailOffset = Math.max(0, endOffset - LOCATOR_BYTES - END64_BYTES);
  const tail = await readBytes(source, tailOffset, endOffset + END_BYTES - tailOffset);
  const stated = parseEnd(tail.subarray(tail.length - END_BYTES));
  const locator = tail.subarray(Math.max(0, tail.length - END_BYTES - LOCATOR_BYTES), tail.length - END_BYTES);
  const hasZip64 = locator.length === LOCATOR_BYTES && locator.readUInt32LE(0) === LOCATOR_SIGNATURE;
  const directoryEnd = hasZip64 ? endOffset - LOCATOR_BYTES - END64_BYTES : endOffset;
  // Before the zip64 record, which is not where it should be if the archive is not.
  const isOpen = stated.offsetBytes === SENTINEL_32 || stated.lengthBytes === SENTINEL_32;
  if (!isOpen) await refuseGap(source, directoryEnd - endOf(stated));
  const directory = hasZip64 ? mergeZip64(stated, locator, tail, endOffset) : stated;
  await refuseGap(source, directoryEnd - endOf(directory));
  if (directory.entryCount > MAX_ENTRIES || directory.lengthBytes > MAX_DIRECTORY_BYTES) {
    throw new FormatError(
      'ZIP_LIMIT',
      `The archive has ${directory.entryCount} entries, whose list takes ${directory.lengthBytes} bytes: more than a checkpoint may have.`,
    );
  }
  return { ...directory, trailingBytes: source.sizeBytes - endOffset - END_BYTES };
}

/**
 * Where the end record begins. A comment, or what a transfer has appended, may follow it as far as PyTorch looks for it.
 * Programs differ in which of several they take, so there must be one only.
 */
async function findEnd(source: ByteSource): Promise<number> {
  const last = await readTail(source, END_BYTES);
  if (last.length === END_BYTES && last.readUInt32LE(0) === END_SIGNATURE && last.readUInt16LE(20) === 0) {
    return source.sizeBytes - END_BYTES;
  }
  const tail = await readTail(source, END_BYTES + MAX_COMMENT_BYTES);
  const found = tail.subarray(0, Math.max(0, tail.length - END_BYTES + 4)).lastIndexOf(END_SIGNATURE_BYTES);
  if (found < 0) {
    throw new FormatError(
      'ZIP_TRUNCATED',
      `The archive has no end: only its first ${source.sizeBytes} bytes are here. Copy it again, or wait until it is wholly written.`,
      { offset: source.sizeBytes },
    );
  }
  if (tail.indexOf(END_SIGNATURE_BYTES) !== tail.lastIndexOf(END_SIGNATURE_BYTES)) {
    throw ambiguous('has several end records, and bytes after the last of them');
  }
  return source.sizeBytes - tail.length + found;
}

function readTail(source: ByteSource, maxBytes: number): Promise<Buffer> {
  const lengthBytes = Math.min(source.sizeBytes, maxBytes);
  return readBytes(source, source.sizeBytes - lengthBytes, lengthBytes);
}

function parseEnd(end: Buffer): DirectoryRange {
  const entryCount = end.readUInt16LE(10); // entries in all, 2 bytes
  const isOneDisk =
    end.readUInt16LE(4) === 0 && // number of this disk, 2 bytes
    end.readUInt16LE(6) === 0 && // disk of the directory, 2 bytes
    end.readUInt16LE(8) === entryCount; // entries on this disk, 2 bytes
  if (!isOneDisk) throw ambiguous('claims to be split over several disks');
  return {
    entryCount,
    lengthBytes: end.readUInt32LE(12), // size of the directory, 4 bytes
    offsetBytes: end.readUInt32LE(16), // offset of the directory, 4 bytes
  };
}

/** The 64-bit values, which the ordinary record must repeat or leave open. PyTorch always repeats them. */
function mergeZip64(stated: DirectoryRange, locator: Buffer, tail: Buffer, endOffset: number): DirectoryRange {
  const end64Offset = endOffset - LOCATOR_BYTES - END64_BYTES;
  const at = tail.length - END_BYTES - LOCATOR_BYTES - END64_BYTES;
  const isWhole =
    at >= 0 &&
    locator.readUInt32LE(4) === 0 && // disk of the zip64 end record, 4 bytes
    readUint64(locator, 8) === end64Offset && // offset of the zip64 end record, 8 bytes
    locator.readUInt32LE(16) === 1 && // number of disks, 4 bytes
    tail.readUInt32LE(at) === END64_SIGNATURE &&
    readUint64(tail, at + 4) === END64_BYTES - 12 && // size of the rest of the record, 8 bytes
    tail.readUInt32LE(at + 16) === 0 && // number of this disk, 4 bytes
    tail.readUInt32LE(at + 20) === 0 && // disk of the directory, 4 bytes
    readUint64(tail, at + 24) === readUint64(tail, at + 32); // entries on this disk and in all, 8 bytes each
  if (!isWhole) throw ambiguous('has a zip64 end record that does not fit its place');
  const directory = {
    entryCount: readUint64(tail, at + 32),
    lengthBytes: readUint64(tail, at + 40), // size of the directory, 8 bytes
    offsetBytes: readUint64(tail, at + 48), // offset of the directory, 8 bytes
  };
  const agrees =
    (stated.entryCount === SENTINEL_16 || stated.entryCount === directory.entryCount) &&
    (stated.lengthBytes === SENTINEL_32 || stated.lengthBytes === directory.lengthBytes) &&
    (stated.offsetBytes === SENTINEL_32 || stated.offsetBytes === directory.offsetBytes);
  if (!agrees) throw ambiguous('has two end records that disagree');
  return directory;
}

function endOf({ offsetBytes, lengthBytes }: ByteRange): number {
  return offsetBytes + lengthBytes;
}

/** Refuses an archive whose directory does not end where it should; says whether it is the last of several. */
async function refuseGap(source: ByteSource, gapBytes: number): Promise<void> {
  if (gapBytes === 0) return;
  const between =
    gapBytes >= END_BYTES ? await readBytes(source, gapBytes - END_BYTES, END_BYTES + 4) : Buffer.alloc(0);
  const followsAnother =
    between.indexOf(END_SIGNATURE_BYTES) === 0 && between.lastIndexOf(HEADER_SIGNATURE_BYTES) === END_BYTES;
  throw ambiguous(
    followsAnother
      ? 'is the last of several in this file, as in a file of a distributed checkpoint (.distcp): make one file of the whole folder with torch.distributed.checkpoint.format_utils.dcp_to_torch_save'
      : 'does not end where its end record says: there are bytes before, between or after its parts',
  );
}

function ambiguous(what: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `The archive ${what}.`);
}
