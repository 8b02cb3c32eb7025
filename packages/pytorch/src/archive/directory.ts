import { type ByteSource, FormatError, quoteName } from '@caissa/bytes';
import { MAX_EXPANSION_RATIO } from '../limits.js';
import type { DirectoryRange } from './end-record.js';
import { type DirectoryRecord, FLAGS_ENCRYPTION, METHOD_DEFLATED, METHOD_STORED, SENTINEL_32 } from './entry.js';
import { decodeName } from './entry-name.js';
import { findZip64Extra } from './extra-field.js';
import { readBytes, readUint64 } from './read-bytes.js';

const RECORD_BYTES = 46;
const RECORD_SIGNATURE = 0x0201_4b50;

/**
 * Reads the central directory: exactly the number of records that the end record states, in exactly its space.
 * Source: APPNOTE 6.3.10, 4.3.12
 * @throws FormatError ZIP_AMBIGUOUS, ZIP_ENCRYPTED, ZIP_LIMIT, ZIP_PATH, NOT_A_CHECKPOINT
 */
export async function readDirectory(source: ByteSource, directory: DirectoryRange): Promise<DirectoryRecord[]> {
  const bytes = await readBytes(source, directory.offsetBytes, directory.lengthBytes);
  const records: DirectoryRecord[] = [];
  let at = 0;
  while (at < bytes.length && records.length <= directory.entryCount) {
    const end = recordEnd(bytes, at);
    if (end === undefined) break;
    const record = parseRecord(bytes.subarray(at, end));
    assertReadable(record);
    records.push(record);
    at = end;
  }
  if (at !== bytes.length || records.length !== directory.entryCount) {
    throw new FormatError(
      'ZIP_AMBIGUOUS',
      `The archive states ${directory.entryCount} entries but lists another number.`,
      {
        offset: directory.offsetBytes + at,
      },
    );
  }
  return records;
}

function recordEnd(bytes: Buffer, at: number): number | undefined {
  if (at + RECORD_BYTES > bytes.length || bytes.readUInt32LE(at) !== RECORD_SIGNATURE) return undefined;
  const lengths = bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  const end = at + RECORD_BYTES + lengths;
  return end <= bytes.length ? end : undefined;
}

function parseRecord(bytes: Buffer): DirectoryRecord {
  const flags = bytes.readUInt16LE(8); // general-purpose flags, 2 bytes
  const nameEnd = RECORD_BYTES + bytes.readUInt16LE(28); // length of the name, 2 bytes
  const extraEnd = nameEnd + bytes.readUInt16LE(30); // length of the extra fields, 2 bytes
  const nameBytes = bytes.subarray(RECORD_BYTES, nameEnd);
  const name = decodeName(nameBytes, flags);
  if (bytes.readUInt16LE(34) !== 0) throw ambiguous(name, 'claims to lie on another disk'); // disk, 2 bytes
  const zip64 = findZip64Extra(bytes.subarray(nameEnd, extraEnd), name);
  const [sizeBytes, compressedSizeBytes, headerOffset] = resolveZip64(
    name,
    [
      bytes.readUInt32LE(24), // size, 4 bytes
      bytes.readUInt32LE(20), // compressed size, 4 bytes
      bytes.readUInt32LE(42), // offset of the local header, 4 bytes
    ],
    zip64,
  );
  return {
    name,
    nameBytes,
    flags,
    method: bytes.readUInt16LE(10), // compression method, 2 bytes
    crc32: bytes.readUInt32LE(16), // CRC-32, 4 bytes
    sizeBytes,
    compressedSizeBytes,
    headerOffset,
  };
}

/** The zip64 field holds, in this order, those of the three values that are left open, and nothing else. */
function resolveZip64(
  name: string,
  values: readonly [number, number, number],
  zip64: Buffer | undefined,
): [number, number, number] {
  const open = values.filter((value) => value === SENTINEL_32).length;
  if ((zip64?.length ?? 0) !== open * 8) throw ambiguous(name, 'states 64-bit sizes that do not fit its record');
  let at = 0;
  const resolve = (value: number): number => {
    if (value !== SENTINEL_32 || zip64 === undefined) return value;
    at += 8;
    return readUint64(zip64, at - 8);
  };
  return [resolve(values[0]), resolve(values[1]), resolve(values[2])];
}

function assertReadable(record: DirectoryRecord): void {
  const { name, method, sizeBytes, compressedSizeBytes } = record;
  if ((record.flags & FLAGS_ENCRYPTION) !== 0) {
    throw new FormatError('ZIP_ENCRYPTED', `Archive entry ${quoteName(name)} is encrypted.`, { entry: name });
  }
  if (method !== METHOD_STORED && method !== METHOD_DEFLATED) {
    throw new FormatError('NOT_A_CHECKPOINT', `Archive entry ${quoteName(name)} is compressed with method ${method}.`, {
      entry: name,
    });
  }
  if (method === METHOD_STORED && sizeBytes !== compressedSizeBytes) {
    throw ambiguous(name, 'is not compressed but states two sizes');
  }
  if (method === METHOD_DEFLATED && sizeBytes > compressedSizeBytes * MAX_EXPANSION_RATIO) {
    throw new FormatError(
      'ZIP_LIMIT',
      `Archive entry ${quoteName(name)} expands more than ${MAX_EXPANSION_RATIO} times.`,
      {
        entry: name,
      },
    );
  }
  if (name.endsWith('/') && sizeBytes !== 0) throw ambiguous(name, 'is a folder that holds data');
}

function ambiguous(entry: string, what: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `Archive entry ${quoteName(entry)} ${what}.`, { entry });
}
