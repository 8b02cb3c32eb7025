import { type FormatError, type FormatErrorCode, quoteName } from '@caissa/bytes';
import type { UnknownObjects } from '@caissa/formats';
import type { Budget } from '../budget.js';
import { MAX_DEPTH } from '../limits.js';
import { type PickleValue, PyDict, type PyGlobal, PyObject, PyTuple } from '../pickle-value.js';
import { COST } from './costs.js';
import { PendingObject } from './pending-object.js';
import { PickleBytes } from './pickle-bytes.js';

/** What the pickle's surroundings decide. */
export interface PickleContext {
  /** Name of the pickle in messages. */
  readonly entry: string;
  readonly budget: Budget;
  /** Whether what means nothing here is described, or the file refused for it. */
  readonly unknownObjects: UnknownObjects;
  /** Gives what a persistent id stands for: mostly a storage. */
  loadPersistent(id: PyTuple): PickleValue;
  /** Takes note of the logical size of a tensor. */
  countView(sizeBytes: number): void;
}

/** Indexes of the memo may leave out so many; Python leaves out none. */
const MAX_MEMO_GAP = 1_024;

const EMPTY_TUPLE = new PyTuple([]);

/**
 * Stack, marks and memo of a pickle that is being read. Operations are functions of {@link OPERATIONS}; this class sees
 * to it that none of them takes what is not there, and that each pays for what it makes.
 */
export class PickleMachine extends PickleBytes {
  readonly context: PickleContext;
  /** Names without a meaning, each made once, by module, newline, name. */
  readonly globals = new Map<string, PyGlobal>();
  /** And the other way round. */
  readonly globalIds = new Map<PyGlobal, string>();
  /** Keys so far that are too long to be hashed. */
  longKeys = 0;
  readonly #memo: (PickleValue | undefined)[] = [];
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  /** Where objects that will become something else are remembered. */
  readonly #places = new Map<PendingObject, number>();
  #highestStack = 0;

  constructor(bytes: Uint8Array, context: PickleContext) {
    super(bytes, context.entry, context.budget);
    this.context = context;
  }

  /** Reads the code of the next operation. */
  nextOperation(): number {
    this.budget.spend(COST.operation);
    return this.readUint8();
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
    if (this.#stack.length <= this.#highestStack) return;
    this.#highestStack = this.#stack.length;
    this.budget.allocate(COST.stackSlot);
  }

  /** Takes the topmost value, which must lie above the last mark. */
  pop(): PickleValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (value === undefined) throw this.corrupt('takes a value that is not there');
    return value;
  }

  /** Looks at the topmost value. */
  top(): PickleValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.at(-1) : undefined;
    if (value === undefined) throw this.corrupt('uses a value that is not there');
    return value;
  }

  pushMark(): void {
    if (this.#marks.length >= MAX_DEPTH) throw this.error('PICKLE_LIMIT', `nests more than ${MAX_DEPTH} deep`);
    this.#marks.push(this.#stack.length);
  }

  /** Takes everything above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.corrupt('uses a mark that is not there');
    return this.#stack.splice(mark);
  }

  /** Takes the topmost value, or the topmost mark if nothing lies above it. */
  discard(): void {
    if (this.#stack.length === this.#marks.at(-1)) this.#marks.pop();
    else this.pop();
  }

  pushTuple(items: readonly PickleValue[]): void {
    if (items.length === 0) {
      this.push(EMPTY_TUPLE);
      return;
    }
    this.budget.allocate(COST.tuple + items.length * COST.item);
    this.push(new PyTuple(items));
  }

  /** Whether nothing is left but one value. */
  get isFinished(): boolean {
    return this.#stack.length === 1 && this.#marks.length === 0;
  }

  /** Remembers the topmost value under the next index. */
  memoizeNext(): void {
    this.memoize(this.#memo.length);
  }

  memoize(index: number): void {
    const value = this.top();
    const added = index + 1 - this.#memo.length;
    if (added > MAX_MEMO_GAP)
      throw this.error('PICKLE_LIMIT', `remembers value ${index} without most of those before it`);
    if (added > 0) this.budget.allocate(added * COST.memoEntry);
    while (this.#memo.length < index) this.#memo.push(undefined);
    this.#memo[index] = value;
    if (value instanceof PendingObject) this.#places.set(value, index);
  }

  recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw this.corrupt(`recalls value ${index}, which it never remembered`);
    this.push(value);
  }

  /** Puts what a topmost object has become in its place, also for later use. */
  replaceTop(object: PendingObject, value: PickleValue): void {
    this.pop();
    this.push(value);
    const index = this.#places.get(object);
    if (index !== undefined && this.#memo[index] === object) this.#memo[index] = value;
    this.#places.delete(object);
  }

  /** Describes a call of something that means nothing here. @throws FormatError PICKLE_GLOBAL where that is refused */
  describe(fullName: string, args: readonly PickleValue[]): PyObject {
    this.refuseUnknown(fullName);
    this.budget.allocate(COST.object + args.length * COST.item);
    return new PyObject(fullName, args);
  }

  /** @throws FormatError PICKLE_GLOBAL if what means nothing here is refused */
  refuseUnknown(fullName: string): void {
    if (this.context.unknownObjects === 'describe') return;
    throw this.nameError('PICKLE_GLOBAL', fullName, 'which is not something a checkpoint may contain');
  }

  /** The error for a name that only an attack needs. */
  dangerous(fullName: string): FormatError {
    const why = 'which can do harm and which no checkpoint needs: do not load this file in Python unless you trust it';
    return this.nameError('PICKLE_DANGEROUS', fullName, why);
  }

  /** An error about a name, which says where it stands. */
  nameError(code: FormatErrorCode, fullName: string, why: string): FormatError {
    return this.error(code, `asks for ${quoteName(fullName)} at ${this.#place()}, ${why}`);
  }

  /** Keys of the dicts that are being filled, and the byte: `metadata.date (byte 1234)`. */
  #place(): string {
    const path: string[] = [];
    for (const [depth, mark] of this.#marks.entries()) {
      const end = this.#marks[depth + 1] ?? this.#stack.length + 1;
      const isKeyLast = (end - mark) % 2 === 0;
      const key = this.#stack[end - 2];
      if (this.#stack[mark - 1] instanceof PyDict && isKeyLast && typeof key === 'string') path.push(key);
    }
    return path.length === 0 ? `byte ${this.position}` : `${quoteName(path.join('.'))} (byte ${this.position})`;
  }
}
