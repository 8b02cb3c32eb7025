import { FormatError, quoteName } from '@caissa/bytes';
import type { Architecture } from './architecture.js';

/** The interface that everything around the network is built for. */
export const NETWORK_INTERFACE = { planes: 14, policySize: 4096 } as const;

/** What is demanded of a network before it is made active; `any` demands nothing. */
export interface ExpectedArchitecture {
  readonly channels: number | 'any';
  readonly blocks: number | 'any';
}

/** Keys that a checkpoint may declare, and what its weights say they must be. */
const DECLARED: readonly (readonly [key: string, expected: (architecture: Architecture) => readonly number[]])[] = [
  ['num_channels', ({ channels }) => [channels]],
  ['num_res_blocks', ({ blocks }) => [blocks]],
  ['input_shape', ({ planes }) => [planes, 8, 8]],
  ['policy_size', ({ policySize }) => [policySize]],
];

const MAX_LISTED = 8;

/**
 * Compares what a checkpoint's `architecture` entry says of itself with what its weights are. Keys that mean nothing
 * to us, an entry that is no dict (or absent), and values that are neither numbers, texts nor lists of them say
 * nothing that could be wrong.
 * @param declared a Map or plain object such as `{num_channels: 128, num_res_blocks: 6}`; numbers may be wrapped as
 *   `{value}`, lists as `{items}` or `{sizes}`, as a checkpoint's reader does with Python's own types
 * @throws FormatError ARCHITECTURE_MISMATCH with both values
 */
export function checkDeclared(architecture: Architecture, declared: unknown): void {
  for (const [key, expectedOf] of DECLARED) {
    const found = listOf(entryOf(declared, key)).map(scalarOf);
    if (found.includes(undefined)) continue;
    const expected = expectedOf(architecture);
    if (found.length !== expected.length || found.some((value, i) => value !== expected[i])) {
      throw mismatch(`The checkpoint declares ${key} ${listText(found)}, and its weights have ${listText(expected)}.`);
    }
  }
}

/**
 * Checks that a network takes 14 planes and scores 4096 moves; the value's size 1 is part of the family.
 * @throws FormatError ARCHITECTURE_MISMATCH
 */
export function checkInterface(architecture: Architecture): void {
  if (architecture.planes !== NETWORK_INTERFACE.planes) {
    throw mismatch(
      `The network takes ${architecture.planes} input planes, and ${NETWORK_INTERFACE.planes} are expected.`,
    );
  }
  if (architecture.policySize !== NETWORK_INTERFACE.policySize) {
    throw mismatch(
      `The network's policy has ${architecture.policySize} outputs, and ${NETWORK_INTERFACE.policySize} are expected.`,
    );
  }
}

/**
 * Checks that a network has the size the players are configured for.
 * @throws FormatError ARCHITECTURE_MISMATCH
 */
export function checkExpected(architecture: Architecture, expected: ExpectedArchitecture): void {
  for (const size of ['channels', 'blocks'] as const) {
    if (expected[size] !== 'any' && architecture[size] !== expected[size]) {
      throw mismatch(`The network has ${architecture[size]} ${size}, and ${expected[size]} are expected.`);
    }
  }
}

function entryOf(declared: unknown, key: string): unknown {
  if (declared instanceof Map) return declared.get(key);
  if (typeof declared !== 'object' || declared === null) return undefined;
  return Object.entries(declared).find(([name]) => name === key)?.[1];
}

/** The elements of a list, or the value as the only element of one. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  for (const key of ['items', 'sizes']) {
    const list = entryOf(value, key);
    if (Array.isArray(list)) return list;
  }
  return [value];
}

/** A value that can be compared with a size, or undefined for one that cannot. */
function scalarOf(value: unknown): number | string | boolean | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  const wrapped = entryOf(value, 'value');
  return typeof wrapped === 'number' ? wrapped : undefined;
}

function listText(values: readonly unknown[]): string {
  const texts = values.slice(0, MAX_LISTED).map((value) => (typeof value === 'string' ? quoteName(value) : `${value}`));
  return values.length === 1 ? texts.join() : `[${texts.join(', ')}${values.length > MAX_LISTED ? ', …' : ''}]`;
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
