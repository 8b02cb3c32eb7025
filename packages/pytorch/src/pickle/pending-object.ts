import { type PickleValue, PyObject } from '../pickle-value.js';

/** An object that means something once its state is known: BUILD puts the value in its place. */
export class PendingObject extends PyObject {
  /** Makes the value that an object with this state is; undefined if the state is not what it should be. */
  readonly finish: (state: PickleValue) => PickleValue | undefined;

  constructor(fullName: string, args: readonly PickleValue[], finish: (state: PickleValue) => PickleValue | undefined) {
    super(fullName, args);
    this.finish = finish;
  }
}
