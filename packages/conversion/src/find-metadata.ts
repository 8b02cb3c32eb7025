import { containedIn, dictOf, isTensor, type PickleValue, PyDict, PyObject, recordOf } from '@caissa/pytorch';
import { elementCount } from '@caissa/tensor';
import type { FoundWeights } from './find-weights.js';
import { pathInside } from './value-path.js';

/** Elements of all its tensors together that a value may hold and still be metadata: some losses, no optimizer. */
const MAX_TENSOR_ELEMENTS = 64;

/** A dict with fewer tensors is no network, but may be metadata with a loss in it. */
const MIN_WEIGHTS = 8;

/** Deeper tensors are not looked for. */
const MAX_DEPTH = 1000;

/** Names under which the state of a training stands, which may have no tensors in it. */
const STATE_NAME = /^optim(izers?(_|$)|$)|(^|_)rng(_|$)/;

/** What a checkpoint says beside its weights. */
export interface FoundMetadata {
  readonly metadata: PyDict;
  /** The entry `architecture`, if it has entries of its own. */
  readonly architecture: PyDict | undefined;
  /** Keys of what is data and no metadata, but for the state dicts of optimizers. */
  readonly leftOut: readonly PickleValue[];
}

/**
 * Finds out what a checkpoint says beside its weights: the entries of `metadata` first, then those beside the weights
 * that are neither `architecture` nor data of many tensors, as an optimizer's state is. What is no dict and stands under
 * `metadata` keeps that name.
 * @param found sets of tensors that were found in it
 */
export function findMetadata(root: PickleValue, found: readonly FoundWeights[]): FoundMetadata {
  const entries = dictOf(root) ?? new PyDict();
  const weights = found.filter(({ tensors }) => tensors.size >= MIN_WEIGHTS);
  const isStateDict = weights.some(({ path }) => path === '');
  const own = recordOf(entries.get('metadata'));
  const architecture = recordOf(entries.get('architecture'));
  const size = new TensorSize();
  const isData = (value: PickleValue): boolean => size.of(value) > MAX_TENSOR_ELEMENTS;
  const metadata = new PyDict();
  const leftOut: PickleValue[] = [];
  for (const [key, value] of own ?? []) {
    if (!holdsWeights(pathInside('metadata', key), weights) || !isData(value)) metadata.set(key, value);
  }
  for (const [key, value] of entries) {
    const isTaken = metadata.has(key) || (key === 'metadata' && own) || (key === 'architecture' && architecture);
    if (isTaken || (isStateDict && isTensor(value))) continue;
    if (!isData(value) && !isState(key)) metadata.set(key, value);
    else if (!isExpected(key, value) && !holdsWeights(pathInside('', key), weights)) leftOut.push(key);
  }
  return { metadata, architecture, leftOut };
}

function isState(key: PickleValue): boolean {
  return typeof key === 'string' && STATE_NAME.test(key);
}

/** Nobody expects the state dict of an optimizer in an export, and nearly every checkpoint has one. */
function isExpected(key: PickleValue, value: PickleValue): boolean {
  return isState(key) && !(value instanceof PyObject);
}

function holdsWeights(path: string, weights: readonly FoundWeights[]): boolean {
  return weights.some((set) => set.path.startsWith(path) && /^([.[]|$)/.test(set.path.slice(path.length)));
}

/** Counts the elements of the tensors in a value. What is part of many is counted once and remembered. */
class TensorSize {
  readonly #known = new Map<PickleValue, number>();

  of(value: PickleValue, depth = 0): number {
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 0;
    if (isTensor(value)) return elementCount(value.shape);
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    this.#known.set(value, 0);
    let size = 0;
    for (const { value: inner } of containedIn(value)) size += this.of(inner, depth + 1);
    this.#known.set(value, size);
    return size;
  }
}
