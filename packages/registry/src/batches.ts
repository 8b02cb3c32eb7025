/** Entries that are read or changed at a time. */
const BATCH_ENTRIES = 200;

/** Characters that are sent to Redis at a time, unless one entry has more: it serves nobody else meanwhile. */
const BATCH_CHARACTERS = 1 << 20;

/** Parts of a list, each with as many as are read or changed at a time. */
export function* batches<T>(all: readonly T[], charactersOf: (one: T) => number = () => 0): Generator<T[]> {
  let batch: T[] = [];
  let characters = 0;
  for (const one of all) {
    const more = charactersOf(one);
    if (batch.length === BATCH_ENTRIES || (batch.length > 0 && characters + more > BATCH_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(one);
    characters += more;
  }
  if (batch.length > 0) yield batch;
}
