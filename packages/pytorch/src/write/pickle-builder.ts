import { FormatError } from '@caissa/bytes';
import { MAX_DEPTH } from '../limits.js';
import { OPCODE } from '../pickle/opcode.js';
import { ByteBuilder } from './byte-builder.js';

const MAX_INT32 = 0x7fff_ffff;
const MAX_UINT8 = 0xff;

/** Integers of more bits cannot be written: `LONG1` has 255 bytes, and the safe loader of PyTorch knows no other. */
export const MAX_INTEGER_BITS = 255 * 8;

/** CPython sets items in batches of this size. */
const BATCH = 1000;

/** A container may take two levels, itself and the arguments of the call that makes it; a tensor in it some more. */
const MAX_WRITTEN_DEPTH = 2 * MAX_DEPTH + 10;

/** A step of writing: operations to append, or further steps to schedule. */
export type Step = () => void;

/** Writes a value at once, or returns the step that does. */
export type Write<Value> = (value: Value) => Step | undefined;

/** How items are added to a container: of how many values one is, and by which operations. */
interface ItemKind {
  readonly values: number;
  readonly one: number;
  readonly many: number;
}

export const LIST_ITEMS: ItemKind = { values: 1, one: OPCODE.APPEND, many: OPCODE.APPENDS };
export const DICT_ITEMS: ItemKind = { values: 2, one: OPCODE.SETITEM, many: OPCODE.SETITEMS };

/**
 * Writes the operations of a protocol 2 pickle. Values are written in steps that wait on a stack of their own, so that
 * deep nesting cannot exhaust the call stack: a step appends operations, then schedules what follows them, once.
 */
export class PickleBuilder {
  readonly #out = new ByteBuilder();
  /** Index of what is in the memo: text by value, objects by identity. */
  readonly #memo = new Map<unknown, number>();
  readonly #globals = new Map<string, number>();
  /** Steps to come, those to take next last: no array of them, since a container may have a million items. */
  readonly #steps: Iterator<Step>[] = [];
  #depth = 0;

  constructor() {
    this.operation(OPCODE.PROTO);
    this.#out.uint8(2);
  }

  /** Takes all steps and returns the pickle. */
  finish(): Uint8Array {
    for (let steps = this.#steps.at(-1); steps !== undefined; steps = this.#steps.at(-1)) {
      const { done, value: step } = steps.next();
      if (done === true) this.#steps.pop();
      else step();
    }
    this.operation(OPCODE.STOP);
    return this.#out.build();
  }

  /** Steps to take before any that are scheduled already, each made when the one before it was taken. */
  schedule(steps: Iterable<Step>): void {
    this.#steps.push(steps[Symbol.iterator]());
  }

  operation(code: number): void {
    this.#out.uint8(code);
  }

  /** Writes what was written before as a reference; false if there is none. */
  recall(value: unknown): boolean {
    const index = this.#memo.get(value);
    if (index === undefined) return false;
    this.#indexed(index, OPCODE.BINGET, OPCODE.LONG_BINGET);
    return true;
  }

  /** Remembers the value that was written last. */
  memoize(value: unknown): void {
    this.#memo.set(value, this.#put());
  }

  text(text: string): void {
    if (this.recall(text)) return;
    const bytes = encodeText(text);
    this.operation(OPCODE.BINUNICODE);
    this.#out.uint32(bytes.length);
    this.#out.bytes(bytes);
    this.memoize(text);
  }

  global(module: string, name: string): void {
    const line = `${module}\n${name}\n`;
    const index = this.#globals.get(line);
    if (index !== undefined) {
      this.#indexed(index, OPCODE.BINGET, OPCODE.LONG_BINGET);
      return;
    }
    this.operation(OPCODE.GLOBAL);
    this.#out.bytes(Buffer.from(line, 'utf8'));
    this.#globals.set(line, this.#put());
  }

  integer(value: number | bigint): void {
    if (value >= 0 && value <= MAX_UINT8) {
      this.operation(OPCODE.BININT1);
      this.#out.uint8(Number(value));
    } else if (value >= 0 && value <= 0xffff) {
      this.operation(OPCODE.BININT2);
      this.#out.uint16(Number(value));
    } else if (value >= -MAX_INT32 - 1 && value <= MAX_INT32) {
      this.operation(OPCODE.BININT);
      this.#out.int32(Number(value));
    } else {
      this.#long(BigInt(value));
    }
  }

  float(value: number): void {
    this.operation(OPCODE.BINFLOAT);
    this.#out.float64BigEndian(value);
  }

  /** Schedules a tuple of the items that `items` write. */
  tuple(items: readonly Step[]): void {
    this.tupleOf(items, items.length, (step) => step);
  }

  /** Schedules a tuple of values, each written by `write`. */
  tupleOf<Value>(values: Iterable<Value>, count: number, write: Write<Value>): void {
    this.#nest(this.#tupleSteps(values, count, write));
  }

  /** Schedules a call of a function with the arguments that `items` write, then `next`. */
  call(module: string, name: string, items: readonly Step[], next: readonly Step[] = []): void {
    this.global(module, name);
    this.schedule([() => this.tuple(items), () => this.operation(OPCODE.REDUCE), ...next]);
  }

  /** Schedules values, each written by `write`, as items of the container that was written last: so many of a kind. */
  items<Value>(values: Iterable<Value>, count: number, kind: ItemKind, write: Write<Value>): void {
    this.#nest(this.#itemSteps(values, count, kind, write));
  }

  *#tupleSteps<Value>(values: Iterable<Value>, count: number, write: Write<Value>): Generator<Step> {
    const short = [OPCODE.EMPTY_TUPLE, OPCODE.TUPLE1, OPCODE.TUPLE2, OPCODE.TUPLE3][count];
    if (short === undefined) this.operation(OPCODE.MARK);
    for (const value of values) {
      const step = write(value);
      if (step) yield step;
    }
    this.operation(short ?? OPCODE.TUPLE);
  }

  /** As CPython adds them: one alone by `one`, several in batches by `many`. */
  *#itemSteps<Value>(values: Iterable<Value>, count: number, kind: ItemKind, write: Write<Value>): Generator<Step> {
    let left = count;
    let batch = 0;
    let valuesLeft = 0;
    for (const value of values) {
      if (valuesLeft === 0) {
        batch = Math.min(left, BATCH);
        left -= batch;
        valuesLeft = batch * kind.values;
        if (batch > 1) this.operation(OPCODE.MARK);
      }
      const step = write(value);
      if (step) yield step;
      valuesLeft--;
      if (valuesLeft === 0) this.operation(batch > 1 ? kind.many : kind.one);
    }
  }

  /** Schedules the steps of a container, and counts how deep containers stand in one another. */
  #nest(steps: Iterable<Step>): void {
    this.#depth++;
    if (this.#depth > MAX_WRITTEN_DEPTH) {
      throw new FormatError('PICKLE_LIMIT', `The values to be saved nest more than ${MAX_DEPTH} deep.`);
    }
    this.schedule(this.#inside(steps));
  }

  *#inside(steps: Iterable<Step>): Generator<Step> {
    yield* steps;
    this.#depth--;
  }

  /** Remembers what was written last, at the next free index. */
  #put(): number {
    const index = this.#memo.size + this.#globals.size;
    this.#indexed(index, OPCODE.BINPUT, OPCODE.LONG_BINPUT);
    return index;
  }

  #indexed(index: number, short: number, long: number): void {
    this.operation(index <= MAX_UINT8 ? short : long);
    if (index <= MAX_UINT8) this.#out.uint8(index);
    else this.#out.uint32(index);
  }

  /** Two's complement, little-endian, with no more bytes than needed. */
  #long(value: bigint): void {
    if (BigInt.asIntN(MAX_INTEGER_BITS, value) !== value) {
      throw new FormatError('PICKLE_LIMIT', 'An integer to be saved has more than 255 bytes.');
    }
    const bytes: number[] = [];
    let rest = value;
    while (!((rest === 0n || rest === -1n) && (bytes.at(-1) ?? 0) >> 7 === (rest === 0n ? 0 : 1))) {
      bytes.push(Number(rest & 0xffn));
      rest >>= 8n;
    }
    this.operation(OPCODE.LONG1);
    this.#out.uint8(bytes.length);
    this.#out.bytes(Uint8Array.from(bytes));
  }
}

/** UTF-8, and of lone surrogates what Python's `surrogatepass` makes of them: the three bytes that their number takes. */
function encodeText(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (text.isWellFormed()) return bytes;
  let at = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    // Where a surrogate stands alone, Node has written U+FFFD, which takes three bytes as well.
    if (code >= 0xd800 && code <= 0xdfff) bytes.set([0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)], at);
    at += Buffer.byteLength(character, 'utf8');
  }
  return bytes;
}
