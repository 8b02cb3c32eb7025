import { type PickleValue, PyByteArray, PyDict, PySet } from '../pickle-value.js';
import type { PickleMachine, StackValue } from './machine.js';

/**
 * Sets key, value, key, value, … on a dict.
 * @throws FormatError PICKLE_CORRUPT if it is no dict, an item is missing, or a key cannot be one
 */
export function setItems(machine: PickleMachine, target: StackValue, items: readonly StackValue[]): void {
  if (!(target instanceof PyDict)) throw machine.corrupt('sets items on something that is not a dict');
  if (items.length % 2 !== 0) throw machine.corrupt('sets a key without a value');
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    if (key !== undefined && value !== undefined) target.set(asKey(machine, key), machine.asValue(value));
  }
}

/** @throws FormatError PICKLE_CORRUPT if the target is no list */
export function appendItems(machine: PickleMachine, target: StackValue, items: readonly StackValue[]): void {
  if (!Array.isArray(target)) throw machine.corrupt('appends to something that is not a list');
  for (const item of items) target.push(machine.asValue(item));
}

/** @throws FormatError PICKLE_CORRUPT if the target is no set */
export function addItems(machine: PickleMachine, target: StackValue, items: readonly StackValue[]): void {
  if (!(target instanceof PySet)) throw machine.corrupt('adds to something that is not a set');
  for (const item of items) target.add(asKey(machine, item));
}

/** Python's mutable containers cannot be keys. */
export function asKey(machine: PickleMachine, value: StackValue): PickleValue {
  const isMutable =
    Array.isArray(value) || value instanceof PyDict || value instanceof PySet || value instanceof PyByteArray;
  if (isMutable) throw machine.corrupt('uses a list, dict, set or bytearray as a key');
  return machine.asValue(value);
}
