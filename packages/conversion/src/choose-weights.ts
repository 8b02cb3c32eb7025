import { FormatError, quoteName } from '@caissa/bytes';
import { checkInterface, inferArchitecture, type NetworkTensors, plainName, splitNetworks } from '@caissa/chess';
import { viewOf } from './network-modules.js';
import type { WeightSet } from './readers.js';
import {
  foundSets,
  leftOutWarning,
  networksWarning,
  noSuchWeights,
  passedOverWarning,
  severalNetworks,
} from './weight-messages.js';

/** More are not looked at: the weights of a whole population are some dozens. */
const MAX_CANDIDATES = 64;

/** Words in a path that stand for weights which are an average of others, or a copy that follows them with a delay. */
const AVERAGED = /(?<![a-z])(?:ema|swa|avg|averaged?|averages|shadow|polyak|target)(?![a-z])/i;

/** Where a new word begins in `netEma`. */
const CAMEL_CASE = /(?<=[a-z])(?=[A-Z])/g;

/** A network of a file and the set of weights that it is, or is a part of. */
export interface ChosenWeights {
  readonly network: NetworkTensors;
  readonly set: WeightSet;
  /** Sentences: which networks were not taken, and what was left out of the one that was. */
  readonly warnings: readonly string[];
}

/** What may be a network: a set, or a part of one that holds several, such as `state_dict:ema_model.` */
interface Candidate extends Pick<WeightSet, 'path' | 'tensors'> {
  readonly set: WeightSet;
}

interface Fit extends Candidate {
  readonly network: NetworkTensors;
}

/** One that is no network, tried before any that is. */
interface Misfit extends Candidate {
  readonly error: FormatError;
}

/**
 * Chooses the weights of a file: those at the path asked for, or else the first that are exactly one network of the
 * family: not an average of others, and of the lowest rank. Networks that were not taken are named in a warning; where two
 * are equally likely none is taken.
 * @param asked path of a set, or of one of several networks in one: `ema`, `state_dict:ema_model.`
 * @throws FormatError NOT_A_CHECKPOINT, ARCHITECTURE_UNKNOWN, ARCHITECTURE_MISMATCH
 */
export function chooseWeights(sets: readonly WeightSet[], asked?: string): ChosenWeights {
  const { fits, misfits } = tryOut(candidatesOf(sets, asked));
  const [taken, next] = fits;
  if (taken === undefined) throw noneFits(sets, misfits);
  if (next !== undefined && isAsLikely(taken, next)) {
    throw new FormatError('ARCHITECTURE_UNKNOWN', severalNetworks(fits));
  }
  const warnings: string[] = [];
  if (asked === undefined) {
    warnings.push(...misfits.map(({ path, error }) => passedOverWarning(path, error.message)));
    if (next !== undefined) warnings.push(networksWarning(taken, fits.slice(1)));
  }
  if (taken.network.leftOut.length > 0) warnings.push(leftOutWarning(taken.network.leftOut));
  return { network: taken.network, set: taken.set, warnings };
}

/** What may be the network, the most likely first; where nothing looks like one, what is largest. */
function candidatesOf(sets: readonly WeightSet[], asked: string | undefined): Candidate[] {
  if (sets.length === 0) throw new FormatError('NOT_A_CHECKPOINT', 'The file holds no weights.');
  const isAsked = ({ path }: Pick<WeightSet, 'path'>) => asked === undefined || path === asked;
  const candidates = sets.flatMap(networksOf).filter((each) => isAsked(each) || isAsked(each.set));
  if (candidates.length > 0) return candidates.sort(byLikelihood).slice(0, MAX_CANDIDATES);
  const [first, ...rest] = sets.filter(isAsked);
  if (first === undefined) throw new FormatError('ARCHITECTURE_UNKNOWN', noSuchWeights(asked ?? '', sets));
  const largest = rest.reduce((most, set) => (sizeOf(set) > sizeOf(most) ? set : most), first);
  return [{ ...largest, set: largest }];
}

function networksOf(set: WeightSet): Candidate[] {
  const networks = [...splitNetworks(set.tensors)];
  if (networks.length === 1) return [{ path: set.path, tensors: set.tensors, set }];
  return networks.map(([prefix, tensors]) => ({ path: `${set.path}:${prefix}`, tensors, set }));
}

function sizeOf({ tensors, unreadable }: WeightSet): number {
  return tensors.size + (unreadable?.size ?? 0);
}

function byLikelihood(one: Candidate, other: Candidate): number {
  return isAverage(one) - isAverage(other) || one.set.rank - other.set.rank;
}

function isAsLikely(one: Candidate, other: Candidate): boolean {
  return byLikelihood(one, other) === 0;
}

function isAverage({ path }: Candidate): number {
  return Number(AVERAGED.test(path.replace(CAMEL_CASE, '_')));
}

/** Those that are the very same tensors count once. */
function tryOut(candidates: readonly Candidate[]): { fits: Fit[]; misfits: Misfit[] } {
  const fits: Fit[] = [];
  const misfits: Misfit[] = [];
  for (const candidate of candidates) {
    try {
      const network = networkOf(candidate);
      if (!fits.some((fit) => isSame(fit.network, network))) fits.push({ ...candidate, network });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (fits.length === 0) misfits.push({ ...candidate, error });
    }
  }
  return { fits, misfits };
}

/** @throws FormatError also for a tensor inside that cannot be read: nothing is left out that may be part of the network */
function networkOf({ tensors, set }: Candidate): NetworkTensors {
  const unreadable = [...(set.unreadable ?? [])];
  let network: NetworkTensors;
  try {
    network = inferArchitecture(tensors);
    checkInterface(network.architecture);
  } catch (error) {
    const [first] = unreadable;
    throw error instanceof FormatError && first !== undefined ? unreadableError(first) : error;
  }
  const prefix = plainName(network.prefix);
  const inside = unreadable.find(([name]) => plainName(name).startsWith(prefix));
  if (inside !== undefined) throw unreadableError(inside);
  return network;
}

function unreadableError([name, says]: readonly [name: string, says: string]): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', `${quoteName(name)} ${says}.`);
}

function isSame(one: NetworkTensors, other: NetworkTensors): boolean {
  if (one.tensors.size !== other.tensors.size) return false;
  return [...one.tensors].every(([name, tensor]) => {
    const twin = other.tensors.get(name);
    return twin !== undefined && viewOf(tensor) === viewOf(twin);
  });
}

/** Says why the most likely of the sets is no network, and what others there are. */
function noneFits(sets: readonly WeightSet[], [misfit]: readonly Misfit[]): FormatError {
  const { code, message } = misfit?.error ?? new FormatError('NOT_A_CHECKPOINT', 'The file holds no weights.');
  return new FormatError(code, sets.length > 1 ? `${message} ${foundSets(sets)}` : message);
}
