import { FormatError, quoteName } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { OPCODE } from '../pickle/opcode.js';
import {
  isTensor,
  OrderedDict,
  type PickleValue,
  PyCounter,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PySet,
  PyStorage,
  PyTuple,
} from '../pickle-value.js';
import { writeObject } from './object-values.js';
import { DICT_ITEMS, LIST_ITEMS, PickleBuilder, type Step } from './pickle-builder.js';
import { StorageOrder } from './storage-order.js';
import { writeStorage, writeTensor } from './tensor-values.js';

/** A pickle, and the storages it refers to by their index. */
export interface WrittenPickle {
  readonly bytes: Uint8Array;
  readonly storages: readonly Storage[];
}

type Scalar = null | boolean | string | bigint | number | PyFloat;

/** What a value is written to. */
interface Writer {
  readonly builder: PickleBuilder;
  readonly order: StorageOrder;
}

/**
 * Writes values as a protocol 2 pickle, in the way of `torch.save`. An object that occurs twice is written once.
 * @throws FormatError PICKLE_LIMIT if they nest too deep or an integer is too large; PICKLE_GLOBAL for an object that
 * Python could only make by running something
 */
export function writePickle(root: PickleValue): WrittenPickle {
  const writer = { builder: new PickleBuilder(), order: new StorageOrder() };
  writer.builder.schedule([() => writeOrStep(writer, root)?.()]);
  const bytes = writer.builder.finish();
  return { bytes, storages: writer.order.inOrder };
}

/** Writes a scalar at once; anything else takes steps of its own. */
function writeOrStep(writer: Writer, value: PickleValue): Step | undefined {
  const { builder } = writer;
  if (value === null) builder.operation(OPCODE.NONE);
  else if (typeof value === 'boolean') builder.operation(value ? OPCODE.NEWTRUE : OPCODE.NEWFALSE);
  else if (typeof value === 'string') builder.text(value);
  else if (typeof value === 'bigint') builder.integer(value);
  else if (typeof value === 'number') writeNumber(builder, value);
  else if (value instanceof PyFloat) builder.float(value.value);
  else return () => writeNested(writer, value);
  return undefined;
}

function writeNested(writer: Writer, value: Exclude<PickleValue, Scalar>): void {
  const { builder } = writer;
  if (Array.isArray(value) || value instanceof PyDict || value instanceof PySet || value instanceof PyTuple) {
    writeContainer(writer, value);
  } else if (isTensor(value)) {
    if (builder.recall(value)) return;
    writeTensor(builder, writer.order, value, [() => builder.memoize(value)]);
  } else if (value instanceof PyStorage) writeStorage(builder, writer.order, value);
  else if (value instanceof PyGlobal || value instanceof PyObject) {
    throw new FormatError('PICKLE_GLOBAL', `${quoteName(value.fullName)} cannot be written into a checkpoint.`);
  } else writeObject(builder, value);
}

/** Whole numbers are ints, all others floats. */
function writeNumber(builder: PickleBuilder, value: number): void {
  if (Number.isSafeInteger(value)) builder.integer(value);
  else builder.float(value);
}

function writeContainer(writer: Writer, value: PickleValue[] | PyDict | PySet | PyTuple): void {
  const { builder } = writer;
  if (builder.recall(value)) return;
  const memoize = (): void => builder.memoize(value);
  if (value instanceof PyTuple) {
    const { items } = value;
    const write = (): void => builder.tupleOf(items, items.length, (item) => writeOrStep(writer, item));
    builder.schedule([write, ...(items.length > 0 ? [memoize] : [])]);
  } else if (Array.isArray(value)) {
    builder.operation(OPCODE.EMPTY_LIST);
    memoize();
    writeItems(writer, value);
  } else if (value instanceof PySet) {
    builder.call('__builtin__', 'set', [() => writeList(writer, [...value])], [memoize]);
  } else if (value instanceof PyCounter) {
    builder.call('collections', 'Counter', [() => writeDict(writer, value)], [memoize]);
  } else if (value instanceof OrderedDict) {
    builder.call('collections', 'OrderedDict', [], [memoize, ...orderedDictSteps(writer, value)]);
  } else {
    builder.operation(OPCODE.EMPTY_DICT);
    memoize();
    writeEntries(writer, value);
  }
}

function orderedDictSteps(writer: Writer, value: OrderedDict): Step[] {
  const entries = (): void => writeEntries(writer, value);
  if (value.attributes.size === 0) return [entries];
  return [entries, () => writeDict(writer, value.attributes), () => writer.builder.operation(OPCODE.BUILD)];
}

function writeList(writer: Writer, items: readonly PickleValue[]): void {
  writer.builder.operation(OPCODE.EMPTY_LIST);
  writeItems(writer, items);
}

function writeDict(writer: Writer, entries: PyDict): void {
  writer.builder.operation(OPCODE.EMPTY_DICT);
  writeEntries(writer, entries);
}

function writeItems(writer: Writer, items: readonly PickleValue[]): void {
  writer.builder.items(items, items.length, LIST_ITEMS, (item) => writeOrStep(writer, item));
}

function writeEntries(writer: Writer, entries: PyDict): void {
  writer.builder.items(keysAndValues(entries), entries.size, DICT_ITEMS, (part) => writeOrStep(writer, part));
}

function* keysAndValues(entries: PyDict): Generator<PickleValue> {
  for (const entry of entries) yield* entry;
}
