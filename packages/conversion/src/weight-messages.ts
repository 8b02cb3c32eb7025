import { quoteName } from '@caissa/bytes';
import { listText } from './list-text.js';
import type { WeightSet } from './readers.js';

type Placed = Pick<WeightSet, 'path'>;

/** Says which of several networks was taken, and how to take another. */
export function networksWarning(taken: Placed, others: readonly Placed[]): string {
  const paths = listText(others, placeText, 'or');
  return `The file holds several networks. The one at ${placeText(taken)} was taken; to take another, set the option weights to ${paths}.`;
}

/** Says that of several networks none is more likely to be meant than another. */
export function severalNetworks(networks: readonly Placed[]): string {
  return `The file holds several networks, at ${listText(networks, placeText)}; set the option weights to one of these paths.`;
}

/** Says that what was to be taken first is no network. */
export function passedOverWarning(path: string, reason: string): string {
  return `The weights at ${placeText({ path })} were passed over: ${reason}`;
}

/** Says which tensors are not the network's. */
export function leftOutWarning(names: readonly string[]): string {
  const are = names.length === 1 ? 'is not part of the network and was' : 'are not part of the network and were';
  return `${listText(names, quoteName)} ${are} left out.`;
}

/** Says that nothing stands at the path that was asked for. */
export function noSuchWeights(path: string, sets: readonly WeightSet[]): string {
  return `The file has no weights at ${placeText({ path })}. ${foundSets(sets)}`;
}

/** Lists the sets of tensors of a file, and says how to choose one. */
export function foundSets(sets: readonly WeightSet[]): string {
  const found = listText(sets, (set) => `${placeText(set)} (${set.tensors.size + (set.unreadable?.size ?? 0)})`);
  return `It holds tensors at ${found}; set the option weights to one of these paths.`;
}

function placeText({ path }: Placed): string {
  return path === '' ? 'the top level' : quoteName(path);
}
