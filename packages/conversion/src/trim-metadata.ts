import { isTensor, type PickleValue, PyDict, PyObject, PyTuple, plainValue } from '@caissa/pytorch';
import { isOptimizer } from './find-weights.js';
import { TrainingSize } from './training-size.js';
import { pathInside } from './value-path.js';

/** Elements of all its tensors together that a value may have and still be metadata: a curve of losses, no buffer of games. */
const MAX_VALUE_ELEMENTS = 4096;

/** What they may come to in all metadata of a file. */
const MAX_ELEMENTS = 65_536;

/** Deeper values are kept or left out as a whole. */
const MAX_DEPTH = 100;

/** Keys of what generators of random numbers remember. */
const RANDOM_STATE_KEY = /(?:^|_)rng_states?$/;

/**
 * Takes the data of the training out of metadata. Weights, the state dicts of optimizers and of generators of random
 * numbers go without a word; a large tensor becomes its shape and element type, and a list or dict of nothing but many
 * tensors is left out. Of what else stands around them all is kept.
 */
export class MetadataTrim {
  /** Where something was taken out that is to be named. */
  readonly leftOut: string[] = [];
  readonly #weights: ReadonlySet<object>;
  readonly #size: TrainingSize;
  readonly #done = new Map<PickleValue, PickleValue>();
  #elementsLeft = MAX_ELEMENTS;

  /** @param weights containers that are the weights of networks */
  constructor(weights: ReadonlySet<object>) {
    this.#weights = weights;
    this.#size = new TrainingSize(weights);
  }

  /** What is kept of an entry of a dict; undefined if nothing is. */
  entry(path: string, key: PickleValue, value: PickleValue, depth = 0): PickleValue | undefined {
    const isRandomState = typeof key === 'string' && RANDOM_STATE_KEY.test(key);
    if (isRandomState && typeof value === 'object' && value !== null) return undefined;
    return this.#value(pathInside(path, key), value, depth);
  }

  #value(path: string, value: PickleValue, depth: number): PickleValue | undefined {
    if (typeof value !== 'object' || value === null) return value;
    const done = this.#done.get(value);
    if (done !== undefined) return done;
    if (this.#weights.has(value)) return undefined;
    const size = this.#size.of(value);
    if (size === 0) return value;
    if (size <= Math.min(MAX_VALUE_ELEMENTS, this.#elementsLeft)) {
      this.#elementsLeft -= size;
      this.#done.set(value, value);
      return value;
    }
    return this.#trimmed(path, value, depth);
  }

  #trimmed(path: string, value: PickleValue & object, depth: number): PickleValue | undefined {
    if (isOptimizer(value)) return value instanceof PyObject ? this.#leaveOut(path) : undefined;
    if (isTensor(value)) {
      this.leftOut.push(path);
      return plainValue(value);
    }
    if (depth === MAX_DEPTH) return this.#leaveOut(path);
    if (value instanceof PyDict) return isAllTensors(value) ? this.#leaveOut(path) : this.#dict(path, value, depth);
    if (value instanceof PyObject) return this.#object(path, value, depth);
    const items = value instanceof PyTuple ? value.items : value;
    // Of the steps of a buffer of games some are as good as none.
    const isSeries = !Array.isArray(items) || Number.isFinite(this.#size.of(value));
    return isSeries ? this.#leaveOut(path) : this.#list(path, value, items, depth);
  }

  #leaveOut(path: string): undefined {
    this.leftOut.push(path);
  }

  #dict(path: string, dict: PyDict, depth: number): PyDict | undefined {
    const kept = new PyDict();
    this.#done.set(dict, kept);
    for (const [key, value] of dict) {
      const item = this.entry(path, key, value, depth + 1);
      if (item !== undefined) kept.set(key, item);
    }
    return kept.size === 0 ? undefined : kept;
  }

  #list(path: string, from: PickleValue, items: readonly PickleValue[], depth: number): PickleValue | undefined {
    const kept: PickleValue[] = [];
    const copy = from instanceof PyTuple ? new PyTuple(kept) : kept;
    this.#done.set(from, copy);
    for (const [index, value] of items.entries()) {
      const item = this.#value(pathInside(path, index), value, depth + 1);
      if (item !== undefined) kept.push(item);
    }
    return kept.length === 0 ? undefined : copy;
  }

  #object(path: string, value: PyObject, depth: number): PyObject {
    const inner = (part: PickleValue): PickleValue | undefined => this.#value(path, part, depth + 1);
    const kept = new PyObject(
      value.fullName,
      value.args.map(inner).filter((part) => part !== undefined),
    );
    this.#done.set(value, kept);
    kept.state = inner(value.state) ?? null;
    if (value.dict !== undefined) kept.dict = this.#dict(path, value.dict, depth + 1) ?? new PyDict();
    if (value.list !== undefined) kept.list = (inner(value.list) as PickleValue[] | undefined) ?? [];
    return kept;
  }
}

/** Whether a dict holds tensors and nothing else, as an average of gradients does. */
function isAllTensors(dict: PyDict): boolean {
  return dict.size > 1 && [...dict.values()].every(isTensor);
}
