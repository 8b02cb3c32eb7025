import { isTensor, type PickleValue } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { unreadableTensor } from './other-tensors.js';

/** What layers call their tensors. */
const TENSOR_NAME = /\.(?:weight|bias|running_mean|running_var|num_batches_tracked)$/;

/** What is said of anything else that has such a name. */
export const NOT_A_TENSOR = 'is not a tensor; save model.state_dict() as it is';

/** Tensors by name, those apart that cannot be read. */
export class TensorSet {
  readonly tensors = new Map<string, Tensor>();
  readonly unreadable = new Map<string, string>();

  /** Returns whether the value is a tensor of either kind. If so it is added, and also if its name is that of one. */
  add(name: string, value: PickleValue): boolean {
    if (isTensor(value)) {
      this.tensors.set(name, value);
      return true;
    }
    const says = unreadableTensor(value);
    if (says !== undefined) this.unreadable.set(name, says);
    else if (TENSOR_NAME.test(name)) this.unreadable.set(name, NOT_A_TENSOR);
    return says !== undefined;
  }
}
