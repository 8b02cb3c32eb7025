/** What may become of objects in a checkpoint whose classes mean nothing here: left out and told of, or a reason to refuse. */
export const UNKNOWN_OBJECTS = ['describe', 'refuse'] as const;

/** One of {@link UNKNOWN_OBJECTS}. */
export type UnknownObjects = (typeof UNKNOWN_OBJECTS)[number];

/** What becomes of them if nobody says. */
export const DEFAULT_UNKNOWN_OBJECTS: UnknownObjects = 'describe';

/** Characters of the longest path by which weights are asked for. */
export const WEIGHTS_PATH_LIMIT = 200;

/** Codes of refusals that are about the network which was taken, not about reading the file. */
const NETWORK_REFUSALS: readonly string[] = ['ARCHITECTURE_UNKNOWN', 'ARCHITECTURE_MISMATCH', 'NON_FINITE_WEIGHTS'];

/** Whether a file that was refused with this code may hold another network that is not refused, if it is asked for. */
export function mayHoldOtherNetwork(code: string): boolean {
  return NETWORK_REFUSALS.includes(code);
}
