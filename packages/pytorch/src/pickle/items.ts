import { MAX_INTEGER_BYTES } from '../limits.js';
import { looksNumeric, type PickleValue, PyByteArray, PyDict, PyFloat, PyObject, PySet } from '../pickle-value.js';
import { COST } from './costs.js';
import type { PickleMachine } from './machine.js';

/**
 * Sets key, value, key, value, … on a dict, or on an object as what it holds as one.
 * @throws FormatError PICKLE_CORRUPT if it cannot have items, one is missing, or a key cannot be one
 */
export function setItems(machine: PickleMachine, target: PickleValue, items: readonly PickleValue[]): void {
  const dict = dictToFill(target);
  if (dict === undefined) throw machine.corrupt('sets items on something that is not a dict');
  if (items.length % 2 !== 0) throw machine.corrupt('sets a key without a value');
  if (items.length > 0) chargeFirst(machine, dict);
  for (let i = 0; i < items.length; i += 2) {
    const [key = null, value = null] = [items[i], items[i + 1]];
    chargeKey(machine, key);
    dict.set(key, value);
  }
}

/** @throws FormatError PICKLE_CORRUPT if the target can have no items */
export function appendItems(machine: PickleMachine, target: PickleValue, items: readonly PickleValue[]): void {
  const list = listToFill(target);
  if (list === undefined) throw machine.corrupt('appends to something that is not a list');
  machine.budget.allocate(items.length * COST.item + (list.length === 0 ? COST.firstItem : 0));
  for (const item of items) list.push(item);
}

/** @throws FormatError PICKLE_CORRUPT if the target is no set */
export function addItems(machine: PickleMachine, target: PickleValue, items: readonly PickleValue[]): void {
  if (target instanceof PyObject) {
    appendItems(machine, target, items);
    return;
  }
  if (!(target instanceof PySet)) throw machine.corrupt('adds to something that is not a set');
  if (items.length > 0) chargeFirst(machine, target);
  for (const item of items) {
    chargeKey(machine, item);
    target.add(item);
  }
}

/** Copies entries of one dict into another. */
export function copyEntries(machine: PickleMachine, from: PyDict, to: PyDict): void {
  chargeFirst(machine, to);
  for (const [key, value] of from) {
    chargeKey(machine, key);
    to.set(key, value);
  }
}

/** A copy of these items. */
export function makeList(machine: PickleMachine, items: readonly PickleValue[]): PickleValue[] {
  machine.budget.allocate(COST.list + items.length * COST.item);
  return [...items];
}

/** A set of these items. @throws FormatError PICKLE_CORRUPT if one cannot be in it */
export function makeSet(machine: PickleMachine, items: readonly PickleValue[]): PySet {
  machine.budget.allocate(COST.set);
  const set = new PySet();
  addItems(machine, set, items);
  return set;
}

function chargeFirst(machine: PickleMachine, { size }: PyDict | PySet): void {
  if (size === 0) machine.budget.allocate(COST.firstEntry);
}

/** Charges for a key of a dict, or an item of a set. @throws FormatError PICKLE_CORRUPT if it cannot be one */
export function chargeKey(machine: PickleMachine, key: PickleValue): void {
  const isMutable = Array.isArray(key) || key instanceof PyDict || key instanceof PySet || key instanceof PyByteArray;
  if (isMutable) throw machine.corrupt('uses a list, dict, set or bytearray as a key');
  if (typeof key === 'string' && key.length > HASHED_CHARACTERS) chargeLongKey(machine, key);
  machine.budget.allocate(COST.entry);
  machine.budget.spend(COST.key);
  if (typeof key === 'string' && looksNumeric(key)) machine.budget.allocate(COST.hashedKey + key.length);
  const isNumber = typeof key === 'number' || typeof key === 'bigint' || key instanceof PyFloat;
  if (!isNumber) return;
  machine.budget.spend(COST.numericKey);
  machine.budget.allocate(isLarge(key) ? MAX_INTEGER_BYTES * 3 : COST.hashedKey);
}

function isLarge(key: number | bigint | PyFloat): boolean {
  return typeof key === 'bigint' && (key > LARGEST_OF_MANY || key < -LARGEST_OF_MANY);
}

/** Integers of 64 bits, hashes of positions for example, can be many. */
const LARGEST_OF_MANY = 1n << 64n;

/** V8 does not hash longer texts by what is in them: all of one length collide, and are compared one with another. */
const HASHED_CHARACTERS = 10_000;

function chargeLongKey(machine: PickleMachine, key: string): void {
  machine.longKeys++;
  machine.budget.spend((machine.longKeys * key.length) / 8);
}

function dictToFill(target: PickleValue): PyDict | undefined {
  if (target instanceof PyObject) target.dict ??= new PyDict();
  return target instanceof PyObject ? target.dict : target instanceof PyDict ? target : undefined;
}

function listToFill(target: PickleValue): PickleValue[] | undefined {
  if (target instanceof PyObject) target.list ??= [];
  return target instanceof PyObject ? target.list : Array.isArray(target) ? target : undefined;
}
