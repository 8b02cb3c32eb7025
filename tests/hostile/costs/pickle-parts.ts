import { join, text } from '../../../packages/pytorch/test-support/pickle-assembly.js';
import type { OperationName } from '../opcodes.js';
import { operation } from '../operation-writer.js';

/** Nearly as much as a pickle may have; the rest is for what stands around it. */
export const WHOLE_PICKLE = (64 << 20) - (256 << 10);

/** Numbers of a value's repetitions: as many as a pickle has room for, and fewer, in case that so many are refused. */
export const COUNTS = [Number.POSITIVE_INFINITY, 900_000, 300_000, 90_000, 25_000] as const;

/** The same operations as often as wanted, or as there is room for. */
export function times(count: number, part: Uint8Array, roomBytes = WHOLE_PICKLE): Buffer {
  const possible = Math.min(count, Math.floor(roomBytes / part.length));
  return Buffer.alloc(possible * part.length, part);
}

/** A list of these values, without a limit on their number. */
export function listOf(...values: readonly Uint8Array[]): Buffer {
  return marked('APPENDS', operation('EMPTY_LIST'), ...values);
}

/** A dict of these keys and values. */
export function dictOf(...entries: readonly Uint8Array[]): Buffer {
  return marked('SETITEMS', operation('EMPTY_DICT'), ...entries);
}

function marked(name: OperationName, before: Uint8Array, ...values: readonly Uint8Array[]): Buffer {
  return join(before, operation('MARK'), ...values, operation(name));
}

/** Numbers values that are named again: above those that the weights' pickle uses. */
const FIRST_INDEX = 5_000;

function index(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(FIRST_INDEX + number);
  return bytes;
}

/** Remembers the topmost value. */
export const put = (number: number): Buffer => operation('LONG_BINPUT', index(number));

/** Names a value again. */
export const get = (number: number): Buffer => operation('LONG_BINGET', index(number));

/** Remembers a value, and leaves nothing on the stack. */
export const remembered = (number: number, value: Uint8Array): Buffer => join(value, put(number), operation('POP'));

/** Four bytes that differ for each number. */
export const four = (number: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number >>> 0);
  return bytes;
};

/** So many values that differ: what `make` gives for each number. */
export const each = (count: number, make: (number: number) => Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, number) => make(number)));

/** Text that differs for each number. */
export const numbered = (number: number, before = 'k'): Uint8Array => text(`${before}${number}`);
