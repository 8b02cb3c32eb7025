import { isTensor, type PickleValue } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { unreadableTensor } from './other-tensors.js';

/** Tensors by name, those apart that cannot be read. */
export class TensorSet {
  readonly tensors = new Map<string, Tensor>();
  readonly unreadable = new Map<string, string>();

  /** Returns whether the value is a tensor of either kind, and if so adds it. */
  add(name: string, value: PickleValue): boolean {
    if (isTensor(value)) {
      this.tensors.set(name, value);
      return true;
    }
    const says = unreadableTensor(value);
    if (says !== undefined) this.unreadable.set(name, says);
    return says !== undefined;
  }
}
