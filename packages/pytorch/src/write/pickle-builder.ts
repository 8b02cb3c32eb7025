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

/**
 * Writes the operations of a protocol 2 pickle. Values are written in steps that wait on a stack of their own, so that
 * deep nesting cannot exhaust the call stack: a step appends operations, then schedules what follows them, once.
 */
export class PickleBuilder {
  readonly #out = new ByteBuilder();
  /** Index of what is in the memo: text by value, objects by identity. */
  readonly #memo = new Map<unknown, number>();
  readonly #globals = new Map<string, number>();
  /** Steps to come, the next one last. */
  readonly #steps: Step[] = [];
  #depth = 0;

  constructor() {
    this.operation(OPCODE.PROTO);
    this.#out.uint8(2);
  }

  /** Takes all steps and returns the pickle. */
  finish(): Uint8Array {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) step();
    this.operation(OPCODE.STOP);
    return this.#out.build();
  }

  /** Steps to take before any that are scheduled already. */
  schedule(steps: readonly Step[]): void {
    for (let i = steps.length - 1; i >= 0; i--) this.#steps.push(steps[i] as Step);
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
    const short = [OPCODE.EMPTY_TUPLE, OPCODE.TUPLE1, OPCODE.TUPLE2, OPCODE.TUPLE3][items.length];
    if (short === undefined) this.operation(OPCODE.MARK);
    this.#nested([...items, () => this.operation(short ?? OPCODE.TUPLE)]);
  }

  /** Schedules a call of a function with the arguments that `items` write, then `next`. */
  call(module: string, name: string, items: readonly Step[], next: readonly Step[] = []): void {
    this.global(module, name);
    this.schedule([() => this.tuple(items), () => this.operation(OPCODE.REDUCE), ...next]);
  }

  /** Schedules items of the container that was written last, as CPython adds them: alone by `one`, in batches by `many`. */
  items(items: readonly Step[], one: number, many: number): void {
    const steps: Step[] = [];
    for (let first = 0; first < items.length; first += BATCH) {
      const batch = items.slice(first, first + BATCH);
      if (batch.length > 1) steps.push(() => this.operation(OPCODE.MARK));
      steps.push(...batch, () => this.operation(batch.length > 1 ? many : one));
    }
    this.#nested(steps);
  }

  /** Counts how deep containers stand in one another. */
  #nested(steps: readonly Step[]): void {
    this.#depth++;
    if (this.#depth > MAX_WRITTEN_DEPTH) {
      throw new FormatError('PICKLE_LIMIT', `The values to be saved nest more than ${MAX_DEPTH} deep.`);
    }
    const leave = (): void => {
      this.#depth--;
    };
    this.schedule([...steps, leave]);
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
