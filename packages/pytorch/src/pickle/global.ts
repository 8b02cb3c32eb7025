import type { DType } from '@caissa/tensor';
import type { PickleValue, PyTuple } from '../pickle-value.js';
import type { PickleMachine } from './machine.js';

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
