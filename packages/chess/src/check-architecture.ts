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

/** A value that can be compared with a size. */
type Scalar = number | string | boolean;

/**
 * Compares what a checkpoint's `architecture` entry says of itself with what its weights are, and returns a sentence with
 * both values for each difference. Keys that mean nothing to us, an entry that is no object, and values that are neither
 * numbers, texts, truth values nor lists of them say nothing that could be wrong; `"16"` is 16.
 * @param declared JSON such as `{num_channels: 128, num_res_blocks: 6}`
 */
export function checkDeclared(architecture: Architecture, declared: unknown): string[] {
  if (typeof declared !== 'object' || declared === null) return [];
  const entries = new Map<string, unknown>(Object.entries(declared));
  return DECLARED.flatMap(([key, expectedOf]) => {
    const value = entries.get(key);
    const found: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!found.every(isScalar)) return [];
    const expected = expectedOf(architecture);
    // A shape may have a batch before it.
    const hasBatch = expected.length > 1 && found.length === expected.length + 1;
    const sizes = hasBatch ? found.slice(1) : found;
    if (sizes.length === expected.length && sizes.every((one, i) => numberOf(one) === expected[i])) return [];
    return [`The checkpoint declares ${key} ${listText(found)}, but its weights have ${listText(expected)}.`];
  });
}

/**
 * Checks that a network takes 14 planes and scores 4096 moves; the value's size 1 is part of the family.
 * @throws FormatError ARCHITECTURE_MISMATCH
 */
export function checkInterface(architecture: Architecture): void {
  if (architecture.planes !== NETWORK_INTERFACE.planes) {
    throw mismatch(
      `The network takes ${architecture.planes} input planes, and ${NETWORK_INTERFACE.planes} are expected; it was trained for ` +
        'another game or another encoding of the board.',
    );
  }
  if (architecture.policySize !== NETWORK_INTERFACE.policySize) {
    throw mismatch(
      `The network's policy has ${architecture.policySize} outputs, and ${NETWORK_INTERFACE.policySize} are expected, one for ` +
        'each pair of squares; it was trained for another game or another numbering of moves.',
    );
  }
}

/** Why a network is not of the size the players are configured for, in a sentence; undefined if it is. */
export function describeMisfit(
  architecture: Pick<Architecture, 'channels' | 'blocks'>,
  expected: ExpectedArchitecture,
): string | undefined {
  const size = (['channels', 'blocks'] as const).find(
    (one) => expected[one] !== 'any' && architecture[one] !== expected[one],
  );
  return size && `The network has ${architecture[size]} ${size}, and ${expected[size]} are expected.`;
}

/**
 * Checks that a network has the size the players are configured for.
 * @throws FormatError ARCHITECTURE_MISMATCH
 */
export function checkExpected(architecture: Architecture, expected: ExpectedArchitecture): void {
  const misfit = describeMisfit(architecture, expected);
  if (misfit !== undefined) throw mismatch(misfit);
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

function numberOf(value: Scalar): Scalar {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
}

function listText(values: readonly Scalar[]): string {
  const texts = values.slice(0, MAX_LISTED).map((value) => (typeof value === 'string' ? quoteName(value) : `${value}`));
  return values.length === 1 ? texts.join() : `[${texts.join(', ')}${values.length > MAX_LISTED ? ', …' : ''}]`;
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
