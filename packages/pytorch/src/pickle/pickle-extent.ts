import { OPCODE } from './opcode.js';

/** Bytes that follow the code of an operation: so many, or after a length of this width, or whole lines. */
type Argument = number | { readonly lengthBytes: 1 | 4 | 8 } | { readonly lines: 1 | 2 };

const LINE = { lines: 1 } as const;
const TWO_LINES = { lines: 2 } as const;

const CODES: ReadonlySet<number> = new Set(Object.values(OPCODE));

/** Operations with an argument; all others have none. Source: CPython 3.13, Lib/pickletools.py */
const ARGUMENTS: ReadonlyMap<number, Argument> = new Map<number, Argument>([
  [OPCODE.PROTO, 1],
  [OPCODE.BININT, 4],
  [OPCODE.BININT1, 1],
  [OPCODE.BININT2, 2],
  [OPCODE.BINFLOAT, 8],
  [OPCODE.BINPUT, 1],
  [OPCODE.BINGET, 1],
  [OPCODE.LONG_BINPUT, 4],
  [OPCODE.LONG_BINGET, 4],
  [OPCODE.EXT1, 1],
  [OPCODE.EXT2, 2],
  [OPCODE.EXT4, 4],
  [OPCODE.FRAME, 8],
  [OPCODE.LONG1, { lengthBytes: 1 }],
  [OPCODE.SHORT_BINBYTES, { lengthBytes: 1 }],
  [OPCODE.SHORT_BINSTRING, { lengthBytes: 1 }],
  [OPCODE.SHORT_BINUNICODE, { lengthBytes: 1 }],
  [OPCODE.LONG4, { lengthBytes: 4 }],
  [OPCODE.BINBYTES, { lengthBytes: 4 }],
  [OPCODE.BINSTRING, { lengthBytes: 4 }],
  [OPCODE.BINUNICODE, { lengthBytes: 4 }],
  [OPCODE.BINBYTES8, { lengthBytes: 8 }],
  [OPCODE.BINUNICODE8, { lengthBytes: 8 }],
  [OPCODE.BYTEARRAY8, { lengthBytes: 8 }],
  [OPCODE.INT, LINE],
  [OPCODE.LONG, LINE],
  [OPCODE.FLOAT, LINE],
  [OPCODE.STRING, LINE],
  [OPCODE.UNICODE, LINE],
  [OPCODE.GET, LINE],
  [OPCODE.PUT, LINE],
  [OPCODE.PERSID, LINE],
  [OPCODE.GLOBAL, TWO_LINES],
  [OPCODE.INST, TWO_LINES],
]);

/** Arguments by code; undefined for what is no operation. An array, since there can be 64 million operations. */
const BY_CODE: readonly (Argument | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  CODES.has(code) ? (ARGUMENTS.get(code) ?? 0) : undefined,
);

const NEWLINE = 0x0a;

/**
 * Finds where the pickle at the start of the bytes ends, without reading its values: the offset after its STOP, or
 * undefined if the bytes end before. An unknown operation counts as the end, since reading will stop there.
 */
export function findPickleEnd(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at] ?? 0;
    const argument = BY_CODE[code];
    at += 1;
    if (code === OPCODE.STOP || argument === undefined) return at;
    at = typeof argument === 'number' ? at + argument : argumentEnd(view, bytes, at, argument);
  }
  return undefined;
}

/** Where an argument ends; past the bytes, if it is not whole in them. */
function argumentEnd(view: DataView, bytes: Uint8Array, at: number, argument: Exclude<Argument, number>): number {
  if ('lines' in argument) return argument.lines === 1 ? lineEnd(bytes, at) : lineEnd(bytes, lineEnd(bytes, at));
  const { lengthBytes } = argument;
  const begin = at + lengthBytes;
  if (begin > bytes.length) return begin;
  if (lengthBytes === 1) return begin + view.getUint8(at);
  return begin + (lengthBytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true)));
}

function lineEnd(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 ? bytes.length : newline + 1;
}
