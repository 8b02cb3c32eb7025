import { FormatError, quoteName } from '@caissa/bytes';
import type { StateDict, Tensor } from '@caissa/tensor';
import { type Slot, slotsOf } from './architecture.js';
import { type NetworkPlace, plainName } from './network-names.js';
import { countBlocks, NO_SIZES, SIZE_TENSORS } from './read-sizes.js';
import { kindReason } from './weight-kinds.js';

/** Last segments of names inside a network that no layer has: what counts or profiles keeps them beside the weights. */
const COUNTERS: ReadonlySet<string> = new Set([
  'total_ops', // thop
  'total_params', // thop
  'n_averaged', // AveragedModel
  'num_updates', // moving averages of weights, in many trainers
  'ema_decay', // the same
]);

/** First segments of names inside a network that no layer has: losses and metrics stand beside layers. */
const BESIDE_LAYERS = /^(?:\w+_)?(?:loss(?:es)?|criteri(?:on|a)|metrics?|accuracy|acc)(?:_\w+)?\./;

/** A tensor and its name in the file. */
interface FoundTensor {
  readonly nameInFile: string;
  readonly tensor: Tensor;
}

/** Which tensor of a state dict is which of a network's. */
export interface MatchedNames {
  readonly blocks: number;
  /** By canonical name, in PyTorch's order. */
  readonly found: ReadonlyMap<string, FoundTensor>;
  /** Names in the file of what is no part of the network. */
  readonly leftOut: readonly string[];
}

/** What stands in the network's place, by the name that it would have there. */
interface Candidate extends FoundTensor {
  readonly name: string;
}

/**
 * Finds the tensors of the network at a place of a state dict by their names alone.
 * @throws FormatError ARCHITECTURE_UNKNOWN, ARCHITECTURE_MISMATCH if one is missing, too many or there twice
 */
export function matchNames(stateDict: StateDict, { prefix, prefixInFile }: NetworkPlace): MatchedNames {
  const leftOut: string[] = [];
  const candidates: Candidate[] = [];
  for (const [nameInFile, tensor] of stateDict) {
    const plain = plainName(nameInFile);
    if (plain.startsWith(prefix)) candidates.push({ name: plain.slice(prefix.length), nameInFile, tensor });
    else leftOut.push(nameInFile);
  }
  const blocks = countBlocks(candidates.map(({ name }) => name));
  const slots = slotsOf({ ...NO_SIZES, blocks });
  const { taken, others } = takeSlots(candidates, slots, prefixInFile);
  refuseMissing(slots, taken, others);
  for (const { name, nameInFile } of others) {
    if (nameInFile.startsWith(prefixInFile) && !isBeside(name)) throw extra(nameInFile, others);
    leftOut.push(nameInFile);
  }
  const inOrder = slots.flatMap(({ name }) => {
    const found = taken.get(name);
    return found === undefined ? [] : [[name, found] as const];
  });
  return { blocks, found: new Map(inOrder), leftOut };
}

function isBeside(name: string): boolean {
  return COUNTERS.has(name.slice(name.lastIndexOf('.') + 1)) || BESIDE_LAYERS.test(name);
}

function takeSlots(candidates: readonly Candidate[], slots: readonly Slot[], prefixInFile: string) {
  const names = new Set(slots.map(({ name }) => name));
  const taken = new Map<string, FoundTensor>();
  const others: Candidate[] = [];
  let outside: string | undefined;
  for (const candidate of candidates) {
    const { name, nameInFile } = candidate;
    const twin = taken.get(name);
    if (twin !== undefined) {
      throw mismatch(
        `Both ${quoteName(twin.nameInFile)} and ${quoteName(nameInFile)} may be the network's ${name}; save the state dict of one network.`,
      );
    }
    if (!names.has(name)) others.push(candidate);
    else if (nameInFile.startsWith(prefixInFile)) taken.set(name, candidate);
    else outside ??= nameInFile;
  }
  if (outside !== undefined) {
    throw mismatch(
      `${quoteName(outside)} stands outside ${quoteName(prefixInFile)}, where the network is; save the state dict of one network.`,
    );
  }
  return { taken, others };
}

function refuseMissing(
  slots: readonly Slot[],
  taken: ReadonlyMap<string, FoundTensor>,
  others: readonly Candidate[],
): void {
  const needed = slots.filter(({ optional }) => !optional);
  const missing = needed.filter(({ name }) => !taken.has(name));
  const [first] = missing;
  if (first === undefined) return;
  const reason = kindReason(others.map(({ nameInFile }) => nameInFile));
  if (reason !== undefined) throw mismatch(reason);
  if (missing.length === needed.filter(isOfNorm).length && missing.every(isOfNorm)) throw mismatch(FOLDED);
  const message =
    missing.length > 1
      ? `The checkpoint lacks ${missing.length} of the ${needed.length} tensors that this network needs, the first of them ${first.name}.`
      : `The checkpoint has no tensor ${first.name}, which this network needs.`;
  const isKnown = !missing.some(({ name }) => SIZE_TENSORS.has(name));
  throw isKnown ? mismatch(message) : new FormatError('ARCHITECTURE_UNKNOWN', message);
}

const FOLDED =
  'The checkpoint has no batch norm, as after all were folded into the convolutions; save the network as it was trained.';

function isOfNorm({ kind }: Slot): boolean {
  return kind === 'normWeight' || kind === 'normBias' || kind === 'runningMean' || kind === 'runningVar';
}

function extra(nameInFile: string, others: readonly Candidate[]): FormatError {
  const reason = kindReason(others.map((other) => other.nameInFile));
  return mismatch(
    reason ?? `The checkpoint holds a tensor ${quoteName(nameInFile)}, which has no place in this network.`,
  );
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
