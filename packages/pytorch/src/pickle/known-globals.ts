import type { DType } from '@caissa/tensor';
import { type PickleValue, PyGlobal } from '../pickle-value.js';
import type { PickleMachine } from './machine.js';

/**
 * What a function or class that means something does here: makes inert data of its arguments. Undefined if it can make
 * nothing of them; the call is described then.
 */
export type Reducer = (
  machine: PickleMachine,
  args: readonly PickleValue[],
  callee: FunctionGlobal,
) => PickleValue | undefined;

/** A function or class that means something when it is called. */
export class FunctionGlobal extends PyGlobal {
  readonly reduce: Reducer;

  constructor(fullName: string, reduce: Reducer) {
    super(fullName);
    this.reduce = reduce;
  }
}

/** A function that is harmless only where it is called, and then not always: `getattr`, `functools.reduce`. */
export class GuardedGlobal extends FunctionGlobal {}

/** A storage class, as it stands in persistent ids. */
export class StorageGlobal extends PyGlobal {
  readonly dtype: DType;
  readonly isUntyped: boolean;

  constructor(fullName: string, dtype: DType, isUntyped = false) {
    super(fullName);
    this.dtype = dtype;
    this.isUntyped = isUntyped;
  }
}
