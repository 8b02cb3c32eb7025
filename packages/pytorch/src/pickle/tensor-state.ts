import { type PickleValue, PyDict, PyTuple } from '../pickle-value.js';
import type { PickleMachine } from './machine.js';

/** Attributes of a tensor that stand for its elements. */
const ELEMENTS = ['data', 'real', 'imag'];

/**
 * BUILD on a tensor: PyTorch takes a tuple for another storage, as its first versions saved one. A dict is attributes.
 * Source: torch 2.13, torch/_tensor.py, Tensor.__setstate__
 * @throws FormatError PICKLE_CORRUPT
 */
export function assertNoStorage(machine: PickleMachine, state: PickleValue): void {
  if (!(state instanceof PyDict)) throw otherElements(machine);
}

/**
 * What a program has set on a tensor or parameter is of no interest, unless it gives it other elements.
 * Source: torch 2.13, torch/_utils.py, _set_obj_state
 * @throws FormatError PICKLE_CORRUPT
 */
export function assertSameElements(machine: PickleMachine, state: PickleValue | undefined): void {
  const parts = state instanceof PyTuple ? state.items : [state];
  for (const part of parts) {
    if (part instanceof PyDict && ELEMENTS.some((name) => part.has(name))) throw otherElements(machine);
  }
}

function otherElements(machine: PickleMachine): Error {
  return machine.corrupt('gives a tensor other elements after making it; load it and save its state_dict() again');
}
