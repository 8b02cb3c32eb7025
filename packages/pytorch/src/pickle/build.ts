import { NumpyArray, NumpyDtype, OrderedDict, PyDict, PyTuple } from '../pickle-value.js';
import type { PickleMachine, StackValue } from './machine.js';
import { setArrayState, setDtypeState } from './numpy.js';

/**
 * BUILD: attributes of an OrderedDict, the state of a numpy dtype or array; nothing else has any here.
 * @throws FormatError PICKLE_CORRUPT
 */
export function applyBuild(machine: PickleMachine): void {
  const state = machine.popValue();
  const target: StackValue = machine.top();
  if (target instanceof OrderedDict && state instanceof PyDict) {
    for (const [name, value] of state) {
      if (typeof name !== 'string') throw machine.corrupt('sets an attribute whose name is not text');
      target.attributes.set(name, value);
    }
  } else if (target instanceof NumpyDtype && state instanceof PyTuple) {
    setDtypeState(machine, target, state);
  } else if (target instanceof NumpyArray && state instanceof PyTuple) {
    setArrayState(machine, target, state);
  } else {
    throw machine.corrupt('sets the state of something that has none in a checkpoint');
  }
}
