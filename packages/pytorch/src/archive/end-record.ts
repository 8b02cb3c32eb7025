import { type ByteRange, type ByteSource, FormatError } from '@caissa/bytes';
import { MAX_DIRECTORY_BYTES, MAX_ENTRIES } from '../limits.js';
import { SENTINEL_16, SENTINEL_32 } from './entry.js';
import { readBytes, readUint64 } from './read-bytes.js';

/** The central directory. */
export interface DirectoryRange extends ByteRange {
  readonly entryCount: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;
const END_SIGNATURE = 0x0605_4b50;
const LOCATOR_SIGNATURE = 0x0706_4b50;
const END64_SIGNATURE = 0x0606_4b50;

/**
 * Reads the end records. They must be the last bytes of the file, without a comment, and directly after the directory:
 * then there is one way only to read the archive. Source: APPNOTE 6.3.10, 4.3.14 to 4.3.16
 * @throws FormatError ZIP_TRUNCATED, ZIP_AMBIGUOUS, ZIP_LIMIT
 */
export async function readEndRecord(source: ByteSource): Promise<DirectoryRange> {
  const tailBytes = Math.min(source.sizeBytes, END_BYTES + LOCATOR_BYTES + END64_BYTES);
  const tail = await readBytes(source, source.sizeBytes - tailBytes, tailBytes);
  const end = tail.length >= END_BYTES ? tail.subarray(tail.length - END_BYTES) : undefined;
  if (end === undefined || end.readUInt32LE(0) !== END_SIGNATURE || end.readUInt16LE(20) !== 0) {
    throw await explainMissingEnd(source);
  }
  const endOffset = source.sizeBytes - END_BYTES;
  const stated = parseEnd(end);
  const locator = tail.subarray(Math.max(0, tail.length - END_BYTES - LOCATOR_BYTES), tail.length - END_BYTES);
  const hasZip64 = locator.length === LOCATOR_BYTES && locator.readUInt32LE(0) === LOCATOR_SIGNATURE;
  const directory = hasZip64 ? mergeZip64(stated, locator, tail, source.sizeBytes) : stated;
  const directoryEnd = hasZip64 ? endOffset - LOCATOR_BYTES - END64_BYTES : endOffset;
  if (directory.offsetBytes + directory.lengthBytes !== directoryEnd) {
    throw ambiguous('does not end where its end record says: there are bytes before, between or after its parts');
  }
  if (directory.entryCount > MAX_ENTRIES || directory.lengthBytes > MAX_DIRECTORY_BYTES) {
    throw new FormatError(
      'ZIP_LIMIT',
      `The archive has ${directory.entryCount} entries, more than a checkpoint may have.`,
    );
  }
  return directory;
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
function mergeZip64(stated: DirectoryRange, locator: Buffer, tail: Buffer, fileSize: number): DirectoryRange {
  const endOffset = fileSize - END_BYTES - LOCATOR_BYTES - END64_BYTES;
  const at = tail.length - END_BYTES - LOCATOR_BYTES - END64_BYTES;
  const isWhole =
    at >= 0 &&
    locator.readUInt32LE(4) === 0 && // disk of the zip64 end record, 4 bytes
    readUint64(locator, 8) === endOffset && // offset of the zip64 end record, 8 bytes
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

/** There is no end record at the end: says whether one stands elsewhere. */
async function explainMissingEnd(source: ByteSource): Promise<FormatError> {
  const lengthBytes = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await readBytes(source, source.sizeBytes - lengthBytes, lengthBytes);
  const found = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (found < 0 || found + END_BYTES > tail.length) {
    return new FormatError('ZIP_TRUNCATED', 'The archive has no end record: the file was cut short.', {
      offset: source.sizeBytes,
    });
  }
  const hasComment = found + END_BYTES + tail.readUInt16LE(found + 20) === tail.length;
  return ambiguous(hasComment ? 'has a comment, which checkpoints never have' : 'has bytes after its last record');
}

function ambiguous(what: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `The archive ${what}.`);
}
