import { OPCODE } from '../src/pickle/opcode.js';

/** Bytes of a pickle operation, or of several. */
export type Assembly = Uint8Array;

/** Joins operations. */
export function join(...parts: readonly Assembly[]): Buffer {
  return Buffer.concat(parts);
}

/** An operation by its code, with the bytes of its argument. */
export function op(code: number, ...argument: readonly number[]): Assembly {
  return Uint8Array.of(code, ...argument);
}

/** A whole pickle. */
export function pickle(...parts: readonly Assembly[]): Buffer {
  return join(op(OPCODE.PROTO, 2), ...parts, op(OPCODE.STOP));
}

/** A whole pickle of protocol 4. */
export function pickle4(...parts: readonly Assembly[]): Buffer {
  return join(op(OPCODE.PROTO, 4), ...parts, op(OPCODE.STOP));
}

/** BINUNICODE. */
export function text(value: string): Assembly {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5);
  head.writeUInt8(OPCODE.BINUNICODE);
  head.writeUInt32LE(bytes.length, 1);
  return join(head, bytes);
}

/** SHORT_BINUNICODE. */
export function shortText(value: string): Assembly {
  return join(op(OPCODE.SHORT_BINUNICODE, Buffer.byteLength(value)), Buffer.from(value));
}

/** BININT. */
export function int(value: number): Assembly {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(OPCODE.BININT);
  bytes.writeInt32LE(value, 1);
  return bytes;
}

/** LONG1 of 8 bytes. */
export function long(value: bigint): Assembly {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(OPCODE.LONG1);
  bytes.writeUInt8(8, 1);
  bytes.writeBigInt64LE(value, 2);
  return bytes;
}

/** GLOBAL. */
export function global(module: string, name: string): Assembly {
  return join(op(OPCODE.GLOBAL), Buffer.from(`${module}\n${name}\n`));
}

/** A tuple of any length. */
export function tuple(...items: readonly Assembly[]): Assembly {
  return join(op(OPCODE.MARK), ...items, op(OPCODE.TUPLE));
}

/** A list. */
export function list(...items: readonly Assembly[]): Assembly {
  return join(op(OPCODE.EMPTY_LIST), op(OPCODE.MARK), ...items, op(OPCODE.APPENDS));
}

/** A dict of key, value, key, value, … */
export function dict(...items: readonly Assembly[]): Assembly {
  return join(op(OPCODE.EMPTY_DICT), op(OPCODE.MARK), ...items, op(OPCODE.SETITEMS));
}

/** A call of a global. */
export function call(module: string, name: string, ...args: readonly Assembly[]): Assembly {
  return join(global(module, name), tuple(...args), op(OPCODE.REDUCE));
}

/** Bytes as protocol 2 has them. */
export function bytes(latin1: string): Assembly {
  return call('_codecs', 'encode', text(latin1), text('latin1'));
}

/** A storage reference. */
export function storage(
  key: string,
  elementCount: Assembly,
  type: Assembly = global('torch', 'FloatStorage'),
): Assembly {
  return join(tuple(text('storage'), type, text(key), text('cpu'), elementCount), op(OPCODE.BINPERSID));
}

/** A tensor of storage 0, which has `elementCount` float32 elements. */
export function tensor(
  view: { readonly offset?: Assembly; readonly shape: readonly Assembly[]; readonly stride: readonly Assembly[] },
  holder: Assembly = storage('0', int(4)),
): Assembly {
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    holder,
    view.offset ?? int(0),
    tuple(...view.shape),
    tuple(...view.stride),
    op(OPCODE.NEWFALSE),
    call('collections', 'OrderedDict'),
  );
}

/** The same operations again and again. */
export function repeat(assembly: Assembly, count: number): Assembly {
  return assembly.length === 0 ? assembly : Buffer.alloc(assembly.length * count, assembly);
}

/** NONE. */
export const none = op(OPCODE.NONE);

/** NEWTRUE. */
export const yes = op(OPCODE.NEWTRUE);

/** NEWFALSE. */
export const no = op(OPCODE.NEWFALSE);

/** `numpy.dtype(code, False, True)`. */
export function dtype(code: string): Assembly {
  return call('numpy', 'dtype', text(code), no, yes);
}

/** Gives the dtype before it a byte order. */
export function dtypeState(order: string): Assembly {
  return join(tuple(int(3), text(order), none, none, none, int(-1), int(-1), int(0)), op(OPCODE.BUILD));
}
