import { containedIn, isTensor, type PickleValue, PyFloat } from '@caissa/pytorch';
import { elementCount } from '@caissa/tensor';
import { isOptimizer } from './find-weights.js';

/** Deeper tensors are not looked for. */
const MAX_DEPTH = 1000;

/** Counts the elements of the tensors in values; what is part of many is counted once and remembered. */
export class TrainingSize {
  readonly #weights: ReadonlySet<object>;
  readonly #known = new Map<PickleValue, number>();

  /** @param weights containers that are the weights of networks */
  constructor(weights: ReadonlySet<object>) {
    this.#weights = weights;
  }

  /** Elements of all tensors in a value, and at least one for each; infinite where weights or an optimizer stand in it. */
  of(value: PickleValue, depth = 0): number {
    if (typeof value !== 'object' || value === null || value instanceof PyFloat || depth > MAX_DEPTH) return 0;
    if (isTensor(value)) return Math.max(1, elementCount(value.shape));
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (this.#weights.has(value) || isOptimizer(value)) return Number.POSITIVE_INFINITY;
    this.#known.set(value, 0);
    let size = 0;
    for (const { value: inner } of containedIn(value)) size += this.of(inner, depth + 1);
    this.#known.set(value, size);
    return size;
  }
}
