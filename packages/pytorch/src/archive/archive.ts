import { crc32 } from 'node:zlib';
import { type ByteSource, FormatError, quoteName, type SourceRange } from '@caissa/bytes';
import { MAX_KEPT_BYTES } from '../limits.js';
import { readDirectory } from './directory.js';
import { readEndRecord } from './end-record.js';
import { type ArchiveEntry, METHOD_STORED } from './entry.js';
import { InflateSource } from './inflate-source.js';
import { KeptEntries, KeptSource } from './kept-source.js';
import { readLayout } from './layout.js';
import { findTopFolder } from './top-folder.js';

/** An archive that can be read in one way only: its structure has been checked from the first byte to the last. */
export interface Archive {
  /** The one folder that all entries are in. */
  readonly topFolder: string;
  /** Entries by their name inside the top folder. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  readonly source: ByteSource;
  /** Deflated entries that were read lately. */
  readonly kept: KeptEntries;
  /** Bytes after the archive, which belong to nobody. */
  readonly trailingBytes: number;
  /** Whether CRCs are stated: PyTorch can be told not to compute them, and then writes 0 for every entry. */
  readonly hasChecksums: boolean;
}

/**
 * Reads and checks the structure of a zip archive, but no data.
 * @throws FormatError every ZIP_ code, NOT_A_CHECKPOINT if it is empty
 */
export async function openArchive(source: ByteSource): Promise<Archive> {
  const directory = await readEndRecord(source);
  const records = await readDirectory(source, directory);
  if (records.length === 0) throw new FormatError('NOT_A_CHECKPOINT', 'The archive is empty.');
  const topFolder = findTopFolder(records.map(({ name }) => name));
  const entries = await readLayout(source, records, directory.offsetBytes);
  return {
    topFolder,
    entries: new Map(entries.map((entry) => [entry.name.slice(topFolder.length + 1), entry])),
    source,
    kept: new KeptEntries(MAX_KEPT_BYTES),
    trailingBytes: directory.trailingBytes,
    hasChecksums: entries.some((entry) => entry.crc32 !== 0),
  };
}

/** Where the bytes of an entry can be read, inflated if need be. */
export function entryBytes(archive: Archive, entry: ArchiveEntry): SourceRange {
  const lengthBytes = entry.sizeBytes;
  if (entry.method === METHOD_STORED) return { source: archive.source, offsetBytes: entry.dataOffset, lengthBytes };
  const inflating = new InflateSource(archive.source, entry);
  const source = lengthBytes <= MAX_KEPT_BYTES ? new KeptSource(inflating, archive.kept) : inflating;
  return { source, offsetBytes: 0, lengthBytes };
}

/**
 * Reads a small entry whole and checks its CRC.
 * @throws FormatError ZIP_LIMIT if it is larger than `maxBytes`, ZIP_CRC
 */
export async function readEntry(archive: Archive, entry: ArchiveEntry, maxBytes: number): Promise<Uint8Array> {
  if (entry.sizeBytes > maxBytes) {
    throw new FormatError('ZIP_LIMIT', `Archive entry ${quoteName(entry.name)} is larger than ${maxBytes} bytes.`, {
      entry: entry.name,
    });
  }
  const bytes = new Uint8Array(entry.sizeBytes);
  if (entry.method === METHOD_STORED) await archive.source.readInto(bytes, entry.dataOffset);
  else await new InflateSource(archive.source, entry).readInto(bytes, 0);
  if (archive.hasChecksums && crc32(bytes) !== entry.crc32) {
    throw new FormatError('ZIP_CRC', `Archive entry ${quoteName(entry.name)} is damaged: its CRC differs.`, {
      entry: entry.name,
    });
  }
  return bytes;
}
