import { FormatError } from '@caissa/tensor';
import type { Architecture } from './architecture.js';
import { quoteName } from './wording.js';

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
  ['input_planes', ({ planes }) => [planes]],
  ['num_planes', ({ planes }) => [planes]],
  ['policy_size', ({ policySize }) => [policySize]],
  ['policy_planes', ({ policyPlanes }) => [policyPlanes]],
  ['value_planes', ({ valuePlanes }) => [valuePlanes]],
  ['value_hidden', ({ valueHidden }) => [valueHidden]],
];

const MAX_LISTED = 8;

/**
 * Compares what a checkpoint's `architecture` entry says of itself with what its weights are. Keys that mean nothing
 * to us, and an entry that is no dict (or absent), say nothing that could be wrong.
 * @param declared a Map or plain object such as `{num_channels: 128, num_res_blocks: 6}`
 * @throws FormatError ARCHITECTURE_MISMATCH with both values
 */
export function checkDeclared(architecture: Architecture, declared: unknown): void {
  for (const [key, expectedOf] of DECLARED) {
    const found = entryOf(declared, key);
    if (found === undefined || found === null) continue;
    const expected = expectedOf(architecture);
    const values: readonly unknown[] = Array.isArray(found) ? found : [found];
    if (values.length !== expected.length || values.some((value, i) => numberOf(value) !== expected[i])) {
      throw mismatch(
        `the checkpoint declares ${key} ${declaredText(found)}, and its weights have ${listText(expected)}`,
      );
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
      `the network takes ${architecture.planes} input planes, and ${NETWORK_INTERFACE.planes} are expected`,
    );
  }
  if (architecture.policySize !== NETWORK_INTERFACE.policySize) {
    throw mismatch(
      `the network's policy has ${architecture.policySize} outputs, and ${NETWORK_INTERFACE.policySize} are expected`,
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
      throw mismatch(`the network has ${architecture[size]} ${size}, and ${expected[size]} are expected`);
    }
  }
}

function entryOf(declared: unknown, key: string): unknown {
  if (declared instanceof Map) return declared.get(key);
  if (typeof declared !== 'object' || declared === null) return undefined;
  return Object.entries(declared).find(([name]) => name === key)?.[1];
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

function declaredText(value: unknown): string {
  // One level only: a list in a pickle may hold itself.
  if (Array.isArray(value)) return `[${value.slice(0, MAX_LISTED).map(scalarText).join(', ')}]`;
  return scalarText(value);
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return quoteName(value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return 'of an unexpected type';
}

function listText(values: readonly number[]): string {
  return values.length === 1 ? String(values[0]) : `[${values.join(', ')}]`;
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
