import { crc32 } from 'node:zlib';
import { type BlockWriter, FormatError, quoteName, type SourceRange } from '@caissa/bytes';
import { FLAG_DESCRIPTOR, FLAG_UTF8, SENTINEL_16, SENTINEL_32 } from '../archive/entry.js';
import { ByteBuilder } from './byte-builder.js';

/** What an archive entry is to hold: bytes that are known, or a range of a source. */
export interface EntryContent {
  readonly name: string;
  readonly content: Uint8Array | SourceRange;
  /** CRC-32 that the content should have, if that is known. */
  readonly expectedCrc32?: number | undefined;
  /** Whether the content was found to have that CRC-32 before, so that it is not computed again. */
  readonly isCrc32Checked?: boolean;
}

/** An entry with its place in the archive. */
interface PlannedEntry extends EntryContent {
  readonly sizeBytes: number;
  readonly nameBytes: Buffer;
  readonly headerOffset: number;
  readonly paddingBytes: number;
  /** Of the content that was copied so far. */
  crc32: number;
}

type Sized = Pick<PlannedEntry, 'sizeBytes'>;

/** An archive whose every offset is known before its first byte is written. */
export interface ArchivePlan {
  readonly sizeBytes: number;
  /** @throws FormatError ZIP_CRC; it may be thrown only when the writer is flushed */
  write(out: BlockWriter): Promise<void>;
}

/** Data starts at multiples of this, so that PyTorch can map it. */
const ALIGNMENT_BYTES = 64;

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 56 + 20 + 22;
/** Extra field: id, length, two 64-bit sizes. */
const ZIP64_LOCAL_BYTES = 20;
const ZIP64_ID = 0x0001;
/** `FB`, as PyTorch names its padding. */
const PADDING_ID = 0x4246;
const PADDING_BYTE = 0x5a;
const METHOD_STORED = 0;
const VERSION_PLAIN = 20;
const VERSION_ZIP64 = 45;
/** 1980-01-01, the first day there is: the same content gives the same bytes. */
const DOS_DATE = 0x0021;

/**
 * Lays out an archive as PyTorch does: stored entries, data aligned, CRCs in descriptors after the data, zip64 end
 * records always. Source: APPNOTE 6.3.10; torch 2.13, caffe2/serialize/inline_container.cc
 */
export function planArchive(contents: readonly EntryContent[]): ArchivePlan {
  const entries: PlannedEntry[] = [];
  let offset = 0;
  for (const entry of contents) {
    const { content } = entry;
    const sizeBytes = content instanceof Uint8Array ? content.length : content.lengthBytes;
    const nameBytes = Buffer.from(entry.name, 'utf8');
    const start = offset + LOCAL_BYTES + nameBytes.length + (isLarge({ sizeBytes }) ? ZIP64_LOCAL_BYTES : 0) + 4;
    const paddingBytes = (ALIGNMENT_BYTES - (start % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES;
    entries.push({ ...entry, sizeBytes, nameBytes, headerOffset: offset, paddingBytes, crc32: 0 });
    offset = start + paddingBytes + sizeBytes + descriptorBytes({ sizeBytes });
  }
  const directoryBytes = entries.reduce((sum, entry) => sum + centralBytes(entry), 0);
  return {
    sizeBytes: offset + directoryBytes + END_BYTES,
    write: (out) => writeEntries(out, entries, offset, directoryBytes),
  };
}

async function writeEntries(
  out: BlockWriter,
  entries: readonly PlannedEntry[],
  directoryOffset: number,
  directoryBytes: number,
): Promise<void> {
  for (const entry of entries) {
    await out.write(localHeader(entry));
    await writeContent(out, entry);
    await out.writeLater(descriptorBytes(entry), () => descriptor(entry));
  }
  let directory: Uint8Array | undefined;
  await out.writeLater(directoryBytes + END_BYTES, () => {
    directory ??= endOfArchive(entries, directoryOffset, directoryBytes);
    return directory;
  });
}

async function writeContent(out: BlockWriter, entry: PlannedEntry): Promise<void> {
  const { content, expectedCrc32, isCrc32Checked } = entry;
  if (content instanceof Uint8Array) {
    entry.crc32 = crc32(content);
    return out.write(content);
  }
  if (isCrc32Checked && expectedCrc32 !== undefined) {
    entry.crc32 = expectedCrc32;
    return out.copy(content);
  }
  await out.copy(content, (bytes) => {
    entry.crc32 = crc32(bytes, entry.crc32);
  });
}

/** Whether sizes need 64 bits. */
function isLarge({ sizeBytes }: Sized): boolean {
  return sizeBytes >= SENTINEL_32;
}

function flagsOf({ sizeBytes }: Sized): number {
  return sizeBytes === 0 ? FLAG_UTF8 : FLAG_UTF8 | FLAG_DESCRIPTOR;
}

function localHeader(entry: PlannedEntry): Uint8Array {
  const large = isLarge(entry);
  const out = new ByteBuilder();
  out.uint32(0x0403_4b50); // signature
  out.uint16(large ? VERSION_ZIP64 : VERSION_PLAIN);
  out.uint16(flagsOf(entry));
  out.uint16(METHOD_STORED);
  out.uint16(0); // time
  out.uint16(DOS_DATE);
  out.uint32(0); // CRC-32: in the descriptor
  out.uint32(large ? SENTINEL_32 : 0); // compressed size: in the descriptor
  out.uint32(large ? SENTINEL_32 : 0); // size: in the descriptor
  out.uint16(entry.nameBytes.length);
  out.uint16((large ? ZIP64_LOCAL_BYTES : 0) + 4 + entry.paddingBytes);
  out.bytes(entry.nameBytes);
  if (large) {
    out.uint16(ZIP64_ID);
    out.uint16(ZIP64_LOCAL_BYTES - 4);
    out.uint64(entry.sizeBytes);
    out.uint64(entry.sizeBytes);
  }
  out.uint16(PADDING_ID);
  out.uint16(entry.paddingBytes);
  out.fill(PADDING_BYTE, entry.paddingBytes);
  return out.build();
}

function descriptorBytes(entry: Sized): number {
  if (entry.sizeBytes === 0) return 0;
  return isLarge(entry) ? 24 : 16;
}

/** The data has been copied by now: its CRC must be the one that its file states. */
function descriptor(entry: PlannedEntry): Uint8Array {
  assertCrc(entry.crc32, entry.expectedCrc32, entry.name);
  const out = new ByteBuilder();
  if (entry.sizeBytes === 0) return out.build();
  out.uint32(0x0807_4b50); // signature
  out.uint32(entry.crc32);
  for (const size of [entry.sizeBytes, entry.sizeBytes]) {
    if (isLarge(entry)) out.uint64(size);
    else out.uint32(size);
  }
  return out.build();
}

/** @throws FormatError ZIP_CRC if the CRC is not the expected one */
export function assertCrc(actual: number, expected: number | undefined, entry: string): void {
  if (expected === undefined || actual === expected) return;
  throw new FormatError(
    'ZIP_CRC',
    `${quoteName(entry)} is damaged: its bytes do not have the CRC that the file states.`,
    {
      entry,
    },
  );
}

/** The values of the zip64 field in the directory: those that need 64 bits, in this order. */
function wideValues(entry: PlannedEntry): number[] {
  const sizes = isLarge(entry) ? [entry.sizeBytes, entry.sizeBytes] : [];
  return entry.headerOffset >= SENTINEL_32 ? [...sizes, entry.headerOffset] : sizes;
}

function centralBytes(entry: PlannedEntry): number {
  const wide = wideValues(entry).length;
  return CENTRAL_BYTES + entry.nameBytes.length + (wide > 0 ? 4 + wide * 8 : 0);
}

function endOfArchive(entries: readonly PlannedEntry[], offset: number, directoryBytes: number): Uint8Array {
  const out = new ByteBuilder();
  for (const entry of entries) writeCentralRecord(out, entry);
  out.uint32(0x0606_4b50); // signature of the zip64 end record
  out.uint64(44); // size of the rest of it
  out.uint16(VERSION_ZIP64);
  out.uint16(VERSION_ZIP64);
  out.uint32(0); // this disk
  out.uint32(0); // disk of the directory
  out.uint64(entries.length);
  out.uint64(entries.length);
  out.uint64(directoryBytes);
  out.uint64(offset);
  out.uint32(0x0706_4b50); // signature of the locator
  out.uint32(0); // disk of the zip64 end record
  out.uint64(offset + directoryBytes);
  out.uint32(1); // number of disks
  out.uint32(0x0605_4b50); // signature of the end record
  out.uint16(0); // this disk
  out.uint16(0); // disk of the directory
  out.uint16(Math.min(entries.length, SENTINEL_16));
  out.uint16(Math.min(entries.length, SENTINEL_16));
  out.uint32(Math.min(directoryBytes, SENTINEL_32));
  out.uint32(Math.min(offset, SENTINEL_32));
  out.uint16(0); // no comment
  return out.build();
}

function writeCentralRecord(out: ByteBuilder, entry: PlannedEntry): void {
  const wide = wideValues(entry);
  out.uint32(0x0201_4b50); // signature
  out.uint16(VERSION_ZIP64); // version made by
  out.uint16(wide.length > 0 ? VERSION_ZIP64 : VERSION_PLAIN);
  out.uint16(flagsOf(entry));
  out.uint16(METHOD_STORED);
  out.uint16(0); // time
  out.uint16(DOS_DATE);
  out.uint32(entry.crc32);
  out.uint32(Math.min(entry.sizeBytes, SENTINEL_32)); // compressed size
  out.uint32(Math.min(entry.sizeBytes, SENTINEL_32));
  out.uint16(entry.nameBytes.length);
  out.uint16(wide.length > 0 ? 4 + wide.length * 8 : 0); // length of the extra field
  out.uint16(0); // no comment
  out.uint16(0); // disk
  out.uint16(0); // internal attributes
  out.uint32(0); // external attributes
  out.uint32(Math.min(entry.headerOffset, SENTINEL_32));
  out.bytes(entry.nameBytes);
  if (wide.length === 0) return;
  out.uint16(ZIP64_ID);
  out.uint16(wide.length * 8);
  for (const value of wide) out.uint64(value);
}
