import {
  isTensor,
  NumpyDtype,
  OrderedDict,
  type PickleValue,
  PyDict,
  PyGlobal,
  PyObject,
  PyTuple,
} from '../pickle-value.js';
import { chargeKey, copyEntries } from './items.js';
import type { PickleMachine } from './machine.js';
import { setDtypeState } from './numpy-dtype.js';
import { PendingObject } from './pending-object.js';
import { assertNoStorage } from './tensor-state.js';

/**
 * BUILD: the state of an object, the attributes of an OrderedDict, the byte order of a NumPy dtype. Attributes of what
 * is a plain value here are of no interest.
 * @throws FormatError PICKLE_CORRUPT
 */
export function applyBuild(machine: PickleMachine): void {
  const state = machine.pop();
  const target = machine.top();
  if (target instanceof PyObject) setState(machine, target, state);
  else if (target instanceof OrderedDict && state instanceof PyDict) setAttributes(machine, target, state);
  else if (target instanceof NumpyDtype) setDtypeState(machine, target, state);
  else if (isTensor(target)) assertNoStorage(machine, state);
  else if (typeof target !== 'object' || target === null || target instanceof PyGlobal) {
    throw machine.corrupt('sets the state of something that has none');
  }
}

function setState(machine: PickleMachine, target: PyObject, state: PickleValue): void {
  target.state = mergeSlots(machine, state);
  if (!(target instanceof PendingObject)) return;
  const value = target.finish(target.state);
  if (value !== undefined) machine.replaceTop(target, value);
}

/** `(attributes, slots)`, as Python has it for classes with `__slots__`, is one dict. */
function mergeSlots(machine: PickleMachine, state: PickleValue): PickleValue {
  if (!(state instanceof PyTuple) || state.items.length !== 2) return state;
  const [attributes, slots] = state.items;
  if (!(slots instanceof PyDict) || !(attributes === null || attributes instanceof PyDict)) return state;
  if (attributes === null) return slots;
  const merged = new PyDict();
  for (const part of [attributes, slots]) copyEntries(machine, part, merged);
  return merged;
}

function setAttributes(machine: PickleMachine, target: OrderedDict, state: PyDict): void {
  for (const [name, value] of state) {
    if (typeof name !== 'string') throw machine.corrupt('sets an attribute whose name is not text');
    chargeKey(machine, name);
    target.attributes.set(name, value);
  }
}
