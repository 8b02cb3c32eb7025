/** How an operation's argument is written; `size` is how many bytes a length takes. */
export type Argument =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'counted'; readonly size: 1 | 4 | 8 }
  | { readonly kind: 'lines'; readonly count: 1 | 2 };

const none = { kind: 'none' } as const;
const fixed = (size: number) => ({ kind: 'fixed', size }) as const;
const counted = (size: 1 | 4 | 8) => ({ kind: 'counted', size }) as const;
const lines = (count: 1 | 2) => ({ kind: 'lines', count }) as const;

/** Every operation of protocols 0 to 5: name, code, argument. Source: CPython 3.13, Lib/pickletools.py */
export const OPERATIONS = [
  ['INT', 0x49, lines(1)],
  ['BININT', 0x4a, fixed(4)],
  ['BININT1', 0x4b, fixed(1)],
  ['BININT2', 0x4d, fixed(2)],
  ['LONG', 0x4c, lines(1)],
  ['LONG1', 0x8a, counted(1)],
  ['LONG4', 0x8b, counted(4)],
  ['STRING', 0x53, lines(1)],
  ['BINSTRING', 0x54, counted(4)],
  ['SHORT_BINSTRING', 0x55, counted(1)],
  ['BINBYTES', 0x42, counted(4)],
  ['SHORT_BINBYTES', 0x43, counted(1)],
  ['BINBYTES8', 0x8e, counted(8)],
  ['BYTEARRAY8', 0x96, counted(8)],
  ['NEXT_BUFFER', 0x97, none],
  ['READONLY_BUFFER', 0x98, none],
  ['NONE', 0x4e, none],
  ['NEWTRUE', 0x88, none],
  ['NEWFALSE', 0x89, none],
  ['UNICODE', 0x56, lines(1)],
  ['SHORT_BINUNICODE', 0x8c, counted(1)],
  ['BINUNICODE', 0x58, counted(4)],
  ['BINUNICODE8', 0x8d, counted(8)],
  ['FLOAT', 0x46, lines(1)],
  ['BINFLOAT', 0x47, fixed(8)],
  ['EMPTY_LIST', 0x5d, none],
  ['APPEND', 0x61, none],
  ['APPENDS', 0x65, none],
  ['LIST', 0x6c, none],
  ['EMPTY_TUPLE', 0x29, none],
  ['TUPLE', 0x74, none],
  ['TUPLE1', 0x85, none],
  ['TUPLE2', 0x86, none],
  ['TUPLE3', 0x87, none],
  ['EMPTY_DICT', 0x7d, none],
  ['DICT', 0x64, none],
  ['SETITEM', 0x73, none],
  ['SETITEMS', 0x75, none],
  ['EMPTY_SET', 0x8f, none],
  ['ADDITEMS', 0x90, none],
  ['FROZENSET', 0x91, none],
  ['POP', 0x30, none],
  ['DUP', 0x32, none],
  ['MARK', 0x28, none],
  ['POP_MARK', 0x31, none],
  ['GET', 0x67, lines(1)],
  ['BINGET', 0x68, fixed(1)],
  ['LONG_BINGET', 0x6a, fixed(4)],
  ['PUT', 0x70, lines(1)],
  ['BINPUT', 0x71, fixed(1)],
  ['LONG_BINPUT', 0x72, fixed(4)],
  ['MEMOIZE', 0x94, none],
  ['EXT1', 0x82, fixed(1)],
  ['EXT2', 0x83, fixed(2)],
  ['EXT4', 0x84, fixed(4)],
  ['GLOBAL', 0x63, lines(2)],
  ['STACK_GLOBAL', 0x93, none],
  ['REDUCE', 0x52, none],
  ['BUILD', 0x62, none],
  ['INST', 0x69, lines(2)],
  ['OBJ', 0x6f, none],
  ['NEWOBJ', 0x81, none],
  ['NEWOBJ_EX', 0x92, none],
  ['PROTO', 0x80, fixed(1)],
  ['STOP', 0x2e, none],
  ['FRAME', 0x95, fixed(8)],
  ['PERSID', 0x50, lines(1)],
  ['BINPERSID', 0x51, none],
] as const satisfies readonly (readonly [name: string, code: number, argument: Argument])[];

/** Name of an operation. */
export type OperationName = (typeof OPERATIONS)[number][0];

const BY_CODE = new Map(OPERATIONS.map(([, code, argument]) => [code as number, argument as Argument]));

/** Where each operation of a pickle begins, as far as the pickle can be followed; and where the last one ends. */
export function boundaries(pickle: Buffer): number[] {
  const starts = [0];
  for (let at = 0; at < pickle.length; ) {
    at = endOf(pickle, at, BY_CODE.get(pickle[at] as number));
    if (at > pickle.length) break;
    starts.push(at);
  }
  return starts;
}

function endOf(pickle: Buffer, at: number, form: Argument | undefined): number {
  switch (form?.kind) {
    case 'none':
      return at + 1;
    case 'fixed':
      return at + 1 + form.size;
    case 'counted': {
      const begin = at + 1 + form.size;
      return begin > pickle.length ? begin : begin + pickle.readUIntLE(at + 1, Math.min(6, form.size));
    }
    case 'lines':
      return form.count === 1 ? endOfLine(pickle, at + 1) : endOfLine(pickle, endOfLine(pickle, at + 1));
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function endOfLine(pickle: Buffer, at: number): number {
  const found = pickle.indexOf(0x0a, at);
  return found < 0 ? Number.POSITIVE_INFINITY : found + 1;
}
