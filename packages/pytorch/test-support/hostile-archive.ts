import { crc32 } from 'node:zlib';

/** Fields of an entry's header; each can be made to lie. */
interface HeaderFields {
  name: string | Uint8Array;
  flags: number;
  method: number;
  crc32: number;
  compressedSize: number;
  size: number;
  /** Central header only. */
  offset: number;
  /** Central header only. */
  disk: number;
  extra: Uint8Array;
}

/** An entry of an archive for tests: honest, except where `central` or `local` say otherwise. */
export interface HostileEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** Size before compression, if `data` is compressed. */
  readonly size?: number;
  readonly central?: Partial<HeaderFields>;
  readonly local?: Partial<HeaderFields>;
  /** Bytes directly after the data: a descriptor, or what does not belong there. */
  readonly after?: Uint8Array;
}

/** How an archive for tests departs from an honest one. */
export interface HostileOptions {
  readonly before?: Uint8Array;
  readonly beforeDirectory?: Uint8Array;
  readonly beforeEnd?: Uint8Array;
  readonly after?: Uint8Array;
  readonly end?: Partial<EndFields>;
  /** Adds zip64 end records, with these lies. */
  readonly zip64?: Partial<EndFields> & { readonly locator?: number; readonly recordSize?: number };
}

/** Fields of the end record. */
interface EndFields {
  disk: number;
  count: number;
  totalCount: number;
  directorySize: number;
  directoryOffset: number;
  comment: Uint8Array;
  commentLength: number;
}

const NOTHING = new Uint8Array(0);

/** Little-endian fields, given as [width in bytes, value]. */
export function fields(...parts: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Buffer {
  const bytes = Buffer.alloc(parts.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of parts) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}

/** Builds a zip archive byte by byte; by default a valid one with stored entries. */
export function buildArchive(entries: readonly HostileEntry[], options: HostileOptions = {}): Buffer {
  const parts: Uint8Array[] = [options.before ?? NOTHING];
  const directory: Uint8Array[] = [];
  let counted = 0;
  let bytes = 0;
  const position = (): number => {
    for (; counted < parts.length; counted++) bytes += parts[counted]?.length ?? 0;
    return bytes;
  };
  for (const entry of entries) {
    const honest = honestFields(entry, position());
    parts.push(localHeader({ ...honest, ...entry.local }), entry.data, entry.after ?? NOTHING);
    directory.push(centralHeader({ ...honest, ...entry.central }));
  }
  parts.push(options.beforeDirectory ?? NOTHING);
  const directoryOffset = position();
  parts.push(...directory);
  const directorySize = position() - directoryOffset;
  const totalCount = entries.length;
  const comment = options.end?.comment ?? NOTHING;
  const honest = { disk: 0, count: totalCount, totalCount, directorySize, directoryOffset, comment };
  parts.push(options.beforeEnd ?? NOTHING);
  if (options.zip64 !== undefined) parts.push(zip64End({ ...honest, ...options.zip64 }, position(), options.zip64));
  parts.push(endRecord({ ...honest, commentLength: comment.length, ...options.end }), options.after ?? NOTHING);
  return Buffer.concat(parts);
}

function honestFields(entry: HostileEntry, offset: number): HeaderFields {
  return {
    name: entry.name,
    flags: 0x0800,
    method: 0,
    crc32: crc32(entry.data),
    compressedSize: entry.data.length,
    size: entry.size ?? entry.data.length,
    offset,
    disk: 0,
    extra: NOTHING,
  };
}

function localHeader(header: HeaderFields): Buffer {
  const name = Buffer.from(header.name);
  return Buffer.concat([
    fields([4, 0x0403_4b50], [2, 20], [2, header.flags], [2, header.method], [2, 0], [2, 0x21]),
    fields([4, header.crc32], [4, header.compressedSize], [4, header.size], [2, name.length], [2, header.extra.length]),
    name,
    header.extra,
  ]);
}

function centralHeader(header: HeaderFields): Buffer {
  const name = Buffer.from(header.name);
  return Buffer.concat([
    fields([4, 0x0201_4b50], [2, 20], [2, 20], [2, header.flags], [2, header.method], [2, 0], [2, 0x21]),
    fields([4, header.crc32], [4, header.compressedSize], [4, header.size], [2, name.length], [2, header.extra.length]),
    fields([2, 0], [2, header.disk], [2, 0], [4, 0], [4, header.offset]),
    name,
    header.extra,
  ]);
}

function zip64End(
  end: Omit<EndFields, 'commentLength'>,
  position: number,
  lies: { readonly locator?: number; readonly recordSize?: number },
): Buffer {
  return Buffer.concat([
    fields([4, 0x0606_4b50], [8, lies.recordSize ?? 44], [2, 45], [2, 45], [4, end.disk], [4, 0]),
    fields([8, end.count], [8, end.totalCount], [8, end.directorySize], [8, end.directoryOffset]),
    fields([4, 0x0706_4b50], [4, 0], [8, lies.locator ?? position], [4, 1]),
  ]);
}

function endRecord(end: EndFields): Buffer {
  return Buffer.concat([
    fields([4, 0x0605_4b50], [2, end.disk], [2, 0], [2, end.count], [2, end.totalCount]),
    fields([4, end.directorySize], [4, end.directoryOffset], [2, end.commentLength]),
    end.comment,
  ]);
}
