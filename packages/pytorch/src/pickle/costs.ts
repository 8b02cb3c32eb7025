/**
 * What operations and values cost: those that are spent in units of about a nanosecond, all else in bytes, as V8 keeps
 * them with 8-byte pointers.
 */
export const COST = {
  operation: 40,
  call: 1_000,
  /** Spent: a line of text, which is a number or half of a name. */
  line: 700,
  /** Spent: to find what a name stands for. */
  name: 700,
  /** Spent: what it takes to hash a key, to show it and to write it again; and what a number takes beyond that. */
  key: 3_300,
  numericKey: 1_400,
  stackSlot: 24,
  memoEntry: 16,
  item: 12,
  tuple: 96,
  list: 48,
  /** V8 makes room for seventeen. */
  firstItem: 160,
  integer: 40,
  dict: 48,
  set: 48,
  firstEntry: 200,
  /** An entry of a dict, or an item of a set. */
  entry: 72,
  /** A key that is not hashed as itself: a number, or a text that looks like one. */
  hashedKey: 160,
  object: 200,
  float: 48,
  bytes: 240,
  tensor: 400,
  /** A container of the result: what its check, the search for weights and an export remember of it, and their time. */
  visit: 560,
  /** An object of the result: it is described in a sentence as well. */
  objectVisit: 2_240,
  /** Bytes of the result: an export makes a list of numbers of them, or a tensor. */
  bytesVisit: 1_400,
  storage: 400,
  global: 120,
} as const;
