/** What may become of objects in a checkpoint whose classes mean nothing here: left out and told of, or a reason to refuse. */
export const UNKNOWN_OBJECTS = ['describe', 'refuse'] as const;

/** One of {@link UNKNOWN_OBJECTS}. */
export type UnknownObjects = (typeof UNKNOWN_OBJECTS)[number];

/** What becomes of them if nobody says. */
export const DEFAULT_UNKNOWN_OBJECTS: UnknownObjects = 'describe';

/** Characters of the longest path by which weights are asked for. */
export const WEIGHTS_PATH_LIMIT = 200;
