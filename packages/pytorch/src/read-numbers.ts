import { elementCount, type Storage } from '@caissa/tensor';
import { containedIn } from './contained-values.js';
import { elementReader, elementType, nestedLists } from './element-values.js';
import { type CheckpointTensor, isTensor, type PickleValue } from './pickle-value.js';
import { canBeListed, MAX_LISTED_NUMBERS } from './plain-value.js';

/** Values that are looked through for tensors; more are shown nowhere. */
const MAX_VALUES = 100_000;

/** Bytes of storages that are read: a small tensor may be part of a large storage. */
const MAX_STORAGE_BYTES = 4 << 20;

/**
 * Reads the tensors among values that are as small as numbers are, up to 4,096 numbers in all: a loss or a win rate,
 * which is to be shown. They are numbers, in lists by their shape.
 * @throws FormatError ZIP_TRUNCATED and its like
 */
export async function readNumbers(root: PickleValue): Promise<Map<CheckpointTensor, PickleValue>> {
  const numbers = new Map<CheckpointTensor, PickleValue>();
  const read = new Map<Storage, Uint8Array>();
  let bytesLeft = MAX_STORAGE_BYTES;
  let numbersLeft = MAX_LISTED_NUMBERS;
  for (const tensor of tensorsIn(root)) {
    const { storage, shape, stride, offset } = tensor;
    const type = elementType(tensor.dtype);
    const count = canBeListed(shape) ? Math.max(1, elementCount(shape)) : Number.POSITIVE_INFINITY;
    const cost = read.has(storage) ? 0 : storage.sizeBytes;
    if (type === undefined || count > numbersLeft || cost > bytesLeft) continue;
    numbersLeft -= count;
    bytesLeft -= cost;
    const bytes = read.get(storage) ?? (await bytesOf(storage));
    read.set(storage, bytes);
    numbers.set(tensor, nestedLists(shape, stride, elementReader(type, bytes), offset));
  }
  return numbers;
}

function* tensorsIn(root: PickleValue): Generator<CheckpointTensor> {
  const seen = new Set<PickleValue>([root]);
  const waiting = [root];
  let left = MAX_VALUES;
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (isTensor(value)) yield value;
    for (const { value: inner } of containedIn(value)) {
      if (left-- <= 0) return;
      if (typeof inner !== 'object' || inner === null || seen.has(inner)) continue;
      seen.add(inner);
      waiting.push(inner);
    }
  }
}

async function bytesOf({ source, offsetBytes, sizeBytes }: Storage): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  await source.readInto(bytes, offsetBytes);
  return bytes;
}
