import { OPCODE } from './opcode.js';

type ArgumentBytes = number | 'length8' | 'length32' | 'two lines';

/** Bytes that follow the code of an operation; a string names the width of a length that says how many more follow. */
const ARGUMENT_BYTES: ReadonlyMap<number, ArgumentBytes> = new Map<number, ArgumentBytes>([
  [OPCODE.PROTO, 1],
  [OPCODE.BININT, 4],
  [OPCODE.BININT1, 1],
  [OPCODE.BININT2, 2],
  [OPCODE.BINFLOAT, 8],
  [OPCODE.BINPUT, 1],
  [OPCODE.BINGET, 1],
  [OPCODE.LONG_BINPUT, 4],
  [OPCODE.LONG_BINGET, 4],
  [OPCODE.FRAME, 8],
  [OPCODE.LONG1, 'length8'],
  [OPCODE.SHORT_BINBYTES, 'length8'],
  [OPCODE.SHORT_BINUNICODE, 'length8'],
  [OPCODE.BINBYTES, 'length32'],
  [OPCODE.BINUNICODE, 'length32'],
  [OPCODE.GLOBAL, 'two lines'],
]);

const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));

const NEWLINE = 0x0a;

/**
 * Finds where the pickle at the start of the bytes ends, without reading its values: the offset after its STOP, or
 * undefined if the bytes end before. An unknown operation counts as the end, since reading will stop there.
 */
export function findPickleEnd(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const code = view.getUint8(at);
    at += 1;
    if (code === OPCODE.STOP || !KNOWN.has(code)) return at;
    const argument = ARGUMENT_BYTES.get(code) ?? 0;
    if (typeof argument === 'number') at += argument;
    else if (argument === 'length8') at += at < bytes.length ? 1 + view.getUint8(at) : 1;
    else if (argument === 'length32') at += at + 4 <= bytes.length ? 4 + view.getUint32(at, true) : 4;
    else at = lineEnd(bytes, lineEnd(bytes, at));
  }
  return undefined;
}

function lineEnd(bytes: Uint8Array, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 ? bytes.length : newline + 1;
}
