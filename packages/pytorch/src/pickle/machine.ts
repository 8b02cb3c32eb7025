import { FormatError, type FormatErrorCode } from '@caissa/bytes';
import type { DType } from '@caissa/tensor';
import { MAX_DEPTH, MAX_MEMO, MAX_OPERATIONS, MAX_REDUCED_UNITS } from '../limits.js';
import { type PickleValue, type PyStorage, PyTuple } from '../pickle-value.js';

/** Something a pickle may name: our own stand-in for what Python would import. */
export class PickleGlobal {
  /** Module and name, joined by a dot. */
  readonly fullName: string;

  constructor(fullName: string) {
    this.fullName = fullName;
  }
}

/** What a function named in a pickle does here: makes inert data of its arguments. */
export type Reducer = (machine: PickleMachine, args: PyTuple, fullName: string) => StackValue;

/** A function that REDUCE may apply. */
export class FunctionGlobal extends PickleGlobal {
  readonly reduce: Reducer;

  constructor(fullName: string, reduce: Reducer) {
    super(fullName);
    this.reduce = reduce;
  }
}

/** A storage class, as it stands in persistent ids. */
export class StorageGlobal extends PickleGlobal {
  readonly dtype: DType;
  readonly isUntyped: boolean;

  constructor(fullName: string, dtype: DType, isUntyped = false) {
    super(fullName);
    this.dtype = dtype;
    this.isUntyped = isUntyped;
  }
}

/** What the machine's stack and memo hold. */
export type StackValue = PickleValue | PickleGlobal;

/** What the pickle's surroundings decide. */
export interface PickleContext {
  /** Name of the pickle in messages. */
  readonly entry: string;
  /** Gives the storage that a persistent id stands for. */
  loadStorage(id: PyTuple): PyStorage;
  /** Takes note of the logical size of a tensor. */
  countView(sizeBytes: number): void;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Stack, marks, memo and reading position of a pickle that is being read. Operations are methods of
 * {@link OPERATIONS}; this class sees to it that none of them reads or takes what is not there.
 */
export class PickleMachine {
  readonly bytes: Uint8Array;
  readonly context: PickleContext;
  readonly memo = new Map<number, StackValue>();
  position = 0;
  protocol = 0;
  readonly #view: DataView;
  readonly #stack: StackValue[] = [];
  readonly #marks: number[] = [];
  #operations = 0;
  #reducedUnits = 0;

  constructor(bytes: Uint8Array, context: PickleContext) {
    this.bytes = bytes;
    this.context = context;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isStackEmpty(): boolean {
    return this.#stack.length === 0;
  }

  /** Reads the code of the next operation. */
  nextOperation(): number {
    this.#operations++;
    if (this.#operations > MAX_OPERATIONS)
      throw this.error('PICKLE_LIMIT', `has more than ${MAX_OPERATIONS} operations`);
    return this.readUint8();
  }

  push(value: StackValue): void {
    this.#stack.push(value);
  }

  /** Takes the topmost value, which must lie above the last mark. */
  pop(): StackValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (value === undefined) throw this.corrupt('takes a value that is not there');
    return value;
  }

  /** Takes the topmost value, which must be data. */
  popValue(): PickleValue {
    return this.asValue(this.pop());
  }

  /** Looks at the topmost value. */
  top(): StackValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.at(-1) : undefined;
    if (value === undefined) throw this.corrupt('uses a value that is not there');
    return value;
  }

  pushMark(): void {
    if (this.#marks.length >= MAX_DEPTH) throw this.error('PICKLE_LIMIT', `nests more than ${MAX_DEPTH} deep`);
    this.#marks.push(this.#stack.length);
  }

  /** Takes everything above the last mark, and the mark. */
  popToMark(): StackValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.corrupt('uses a mark that is not there');
    return this.#stack.splice(mark);
  }

  /** A tuple may hold globals for a moment, as arguments; what stays in the result is checked at the end. */
  pushTuple(items: StackValue[]): void {
    this.push(new PyTuple(items as PickleValue[]));
  }

  asValue(value: StackValue): PickleValue {
    if (value instanceof PickleGlobal) throw this.strayGlobal(value);
    return value;
  }

  /** Whether nothing is left but one value. */
  get isFinished(): boolean {
    return this.#stack.length === 1 && this.#marks.length === 0;
  }

  memoize(index: number): void {
    if (this.memo.size >= MAX_MEMO) throw this.error('PICKLE_LIMIT', `remembers more than ${MAX_MEMO} values`);
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.corrupt(`recalls value ${index}, which it never remembered`);
    this.push(value);
  }

  /** Bounds what functions make of arguments that a pickle can name again and again. */
  chargeReduced(units: number): void {
    this.#reducedUnits += units + 1;
    if (this.#reducedUnits > MAX_REDUCED_UNITS) throw this.error('PICKLE_LIMIT', 'builds more data than it holds');
  }

  readUint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  readUint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  readInt32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  readUint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  readUint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  readFloat64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  readBytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  readText(length: number): string {
    return this.#decode(this.readBytes(length));
  }

  /** Reads up to a newline, which is not part of the text. */
  readLine(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.corrupt('ends in the middle of a name');
    const line = this.#decode(this.bytes.subarray(this.position, end));
    this.position = end + 1;
    return line;
  }

  corrupt(what: string): FormatError {
    return this.error('PICKLE_CORRUPT', what);
  }

  error(code: FormatErrorCode, what: string): FormatError {
    const { entry } = this.context;
    return new FormatError(code, `${entry} ${what}.`, { entry, offset: this.position });
  }

  strayGlobal(value: PickleGlobal): FormatError {
    return this.error('PICKLE_GLOBAL', `holds \`${value.fullName}\` itself where a checkpoint has data`);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.corrupt('holds text that is not UTF-8');
    }
  }

  #advance(length: number): number {
    const at = this.position;
    if (length > this.bytes.length - at) throw this.corrupt('ends in the middle of a value');
    this.position = at + length;
    return at;
  }
}
