import { dictOf, isTensor, type PickleValue, PyDict, PyFloat, recordOf, toJsonWithin } from '@caissa/pytorch';
import type { FoundWeights } from './find-weights.js';
import { MetadataTrim } from './trim-metadata.js';

/** A set with fewer tensors is no network, but may be metadata with a loss in it. */
const MIN_WEIGHTS = 8;

/** How the names of a state dict end. */
const WEIGHT_NAME = /(?:^|\.)(?:weight|bias)$/;

/** What two values may amount to that are compared. */
const COMPARED = { values: 1000, characters: 100_000 };

/** What a checkpoint says beside its weights. */
export interface FoundMetadata {
  readonly metadata: PyDict;
  /** The entry `architecture`, if it has entries of its own. */
  readonly architecture: PyDict | undefined;
  /** Paths of what is data of the training and no metadata, but for state dicts of optimizers and their like. */
  readonly leftOut: readonly string[];
  /** Keys beside the weights that stand under `metadata` as well, with another value. */
  readonly contradicted: readonly PickleValue[];
}

/**
 * Finds out what a checkpoint says beside its weights: the entries of `metadata` first, then those beside the weights
 * but for `architecture`. What is no dict and stands under `metadata` keeps that name.
 * @param found sets of tensors that were found in it
 */
export function findMetadata(root: PickleValue, found: readonly FoundWeights[]): FoundMetadata {
  const entries = dictOf(root) ?? new PyDict();
  const weights = new Set(found.filter(isStateDict).map(({ container }) => container));
  const isMixed = typeof root === 'object' && root !== null && weights.has(root);
  const own = recordOf(entries.get('metadata'));
  const architecture = recordOf(entries.get('architecture'));
  const trim = new MetadataTrim(weights);
  const metadata = new PyDict();
  const contradicted: PickleValue[] = [];
  for (const [key, value] of own ?? []) {
    const kept = trim.entry('metadata', key, value);
    if (kept !== undefined) metadata.set(key, kept);
  }
  for (const [key, value] of entries) {
    const isTaken = (key === 'metadata' && own) || (key === 'architecture' && architecture);
    if (isTaken || (isMixed && isTensor(value))) continue;
    const kept = trim.entry('', key, value);
    if (kept === undefined) continue;
    if (!metadata.has(key)) metadata.set(key, kept);
    else if (!isSame(metadata.get(key), kept)) contradicted.push(key);
  }
  return { metadata, architecture, leftOut: trim.leftOut, contradicted };
}

function isStateDict({ tensors }: FoundWeights): boolean {
  return tensors.size >= MIN_WEIGHTS && [...tensors.keys()].some((name) => WEIGHT_NAME.test(name));
}

function isSame(one: PickleValue = null, other: PickleValue): boolean {
  if (one === other) return true;
  if (one instanceof PyFloat && other instanceof PyFloat) return Object.is(one.value, other.value);
  const [shown, otherShown] = [toJsonWithin(one, COMPARED), toJsonWithin(other, COMPARED)];
  return shown !== undefined && JSON.stringify(shown) === JSON.stringify(otherShown);
}
