/** One file inside an archive, as its central directory states it. Offsets are from the start of the archive. */
export interface DirectoryRecord {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedSizeBytes: number;
  readonly sizeBytes: number;
  readonly headerOffset: number;
}

/** A record whose local header agrees with the directory. */
export interface ArchiveEntry extends DirectoryRecord {
  readonly dataOffset: number;
}

/** General-purpose flag: sizes and CRC follow the data, in a data descriptor. */
export const FLAG_DESCRIPTOR = 0x0008;

/** General-purpose flag: the name is UTF-8. */
export const FLAG_UTF8 = 0x0800;

/** Encrypted, patched data, strong encryption, masked headers. */
export const FLAGS_ENCRYPTION = 0x0001 | 0x0020 | 0x0040 | 0x2000;

export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

/** Value of a 16-bit field whose true value stands in a zip64 record. */
export const SENTINEL_16 = 0xffff;

/** Value of a 32-bit field whose true value stands in a zip64 record. */
export const SENTINEL_32 = 0xffff_ffff;
