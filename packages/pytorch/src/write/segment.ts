import type { ByteSource } from '@caissa/bytes';

/** Bytes that are known. */
interface BytesSegment {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
}

/** Bytes that are copied from a source; their CRC-32, if it is asked for, is in `tally` once they have been. */
interface DataSegment {
  readonly kind: 'data';
  readonly source: ByteSource;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly tally?: { crc32: number };
}

/** Bytes of known length that can be made only when everything before them has been copied. */
interface LateSegment {
  readonly kind: 'late';
  readonly lengthBytes: number;
  make(): Uint8Array;
}

/** A part of a stream. */
export type Segment = BytesSegment | DataSegment | LateSegment;
