import type { RedisKeys } from '@caissa/redis';
import {
  CHANGED,
  callRedis,
  HashMirror,
  NOTE_CHANGED,
  noteChange,
  type RedisClient,
  runTransaction,
} from '@caissa/redis';
import type { ArtifactStore } from '@caissa/storage';
import { type Manifest, manifestSchema, toExportSummary } from '@caissa/storage';

/**
 * One script, because a transaction of ioredis costs more processor time than the rest of it beside BullMQ's many scripts.
 * KEYS: changes, exports, exports by date. ARGV: file name, manifest and time of export of each.
 */
const ADD = `
${CHANGED}
for i = 1, #ARGV, 3 do
  changed(ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  redis.call('ZADD', KEYS[3], ARGV[i + 2], ARGV[i])
end
${NOTE_CHANGED}
`;

/** Exports that are read from the store and added to the list at a time, when many are missing. */
const BATCH = 200;

/** A process that has not got on for this long while it looks through the store counts as gone. */
const CLAIM_MS = 15_000;

/** How far the list of exports has come. */
export interface Completeness {
  /** Whether it has all that the store holds. */
  readonly complete: boolean;
  /** Exports that the store holds, while a process looks through it and knows. */
  readonly total?: number;
}

/** A row of the list. A manifest as an object takes several times the memory of its row. */
export interface ListedExport {
  readonly filename: string;
  /** In milliseconds since 1970. */
  readonly exportedAtMs: number;
  /** What a client sees of it, as JSON. */
  readonly row: string;
}

/** The list of exports in Redis, newest first. It is an index of the store and can be rebuilt from it. */
export class ExportIndex {
  readonly #redis: RedisClient;
  readonly #keys: RedisKeys;
  readonly #mirror: HashMirror<ListedExport>;
  #sorted: { readonly of: ReadonlyMap<string, ListedExport>; readonly list: readonly ListedExport[] } | undefined;

  constructor(redis: RedisClient, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
    this.#mirror = new HashMirror({ redis, hash: keys.exports, changes: keys.exportsChanges, parse: parseRow });
  }

  /** Adds artifacts, some hundred at most, or replaces what is known of them. */
  async add(...manifests: readonly Manifest[]): Promise<void> {
    if (manifests.length === 0) return;
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    const args = manifests.flatMap((manifest) => [
      manifest.filename,
      JSON.stringify(manifest),
      Date.parse(manifest.export_date),
    ]);
    await callRedis(() => this.#redis.eval(ADD, 3, exportsChanges, exports, exportsByDate, ...args));
  }

  /** Forgets artifacts. */
  async remove(...filenames: string[]): Promise<void> {
    if (filenames.length === 0) return;
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    const transaction = this.#redis
      .multi()
      .hdel(exports, ...filenames)
      .zrem(exportsByDate, ...filenames);
    await callRedis(() => runTransaction(noteChange(transaction, exportsChanges, filenames)));
  }

  /** Every export, newest first, in an object that stays the same until something changes. */
  async newestFirst(): Promise<readonly ListedExport[]> {
    const of = await callRedis(() => this.#mirror.all());
    if (this.#sorted?.of !== of) this.#sorted = { of, list: sortRows(of, this.#sorted?.list ?? []) };
    return this.#sorted.list;
  }

  /** Every manifest but the `keep` newest, oldest last. */
  beyond(keep: number): Promise<Manifest[]> {
    return callRedis(async () => this.#read(await this.#redis.zrevrange(this.#keys.exportsByDate, keep, -1)));
  }

  /** Whether every export is in the list by now. It is not after Redis has lost its data, until {@link reconcile}. */
  async completeness(): Promise<Completeness> {
    const { exportsIndexed, exportsIndexing } = this.#keys;
    const [indexed, indexing] = await callRedis(() => this.#redis.mget(exportsIndexed, exportsIndexing));
    if (indexed) return { complete: true };
    return indexing ? { complete: false, total: Number(indexing) } : { complete: false };
  }

  /**
   * Makes the index say what the store holds. Returns what had to be changed; nothing if another process is about it.
   * @throws AppError REDIS_UNAVAILABLE, STORE_UNAVAILABLE
   */
  async reconcile(store: ArtifactStore): Promise<{ added: number; removed: number } | undefined> {
    const { exportsIndexed, exportsIndexing } = this.#keys;
    const claimed = await callRedis(() => this.#redis.set(exportsIndexing, '', 'PX', CLAIM_MS, 'NX'));
    if (claimed === null) return undefined;
    try {
      // Before the store is listed: what was in the index then and is not in the store, is gone.
      const known = new Set(await callRedis(() => this.#redis.hkeys(this.#keys.exports)));
      const stored = await store.listFilenames();
      const missing = stored.filter((filename) => !known.delete(filename));
      const added = await this.#addAll(store, missing, stored.length);
      const removed = await this.#removeGone(store, [...known]);
      await callRedis(() => this.#redis.set(exportsIndexed, '1'));
      return { added, removed };
    } finally {
      await callRedis(() => this.#redis.del(exportsIndexing));
    }
  }

  /** @param total exports in the store, those included that are in the index */
  async #addAll(store: ArtifactStore, missing: readonly string[], total: number): Promise<number> {
    if (missing.length === 0) return 0;
    const { exportsIndexed, exportsIndexing } = this.#keys;
    await callRedis(() => this.#redis.del(exportsIndexed));
    const added: string[] = [];
    for (const batch of batches(missing)) {
      await callRedis(() => this.#redis.set(exportsIndexing, total, 'PX', CLAIM_MS));
      const read = await Promise.all(batch.map((filename) => store.readManifest(filename)));
      const manifests = read.filter((manifest) => manifest !== undefined);
      await this.add(...manifests);
      added.push(...manifests.map(({ filename }) => filename));
    }
    // Some may have been removed since the store was listed.
    const present = new Set(await store.listFilenames());
    const gone = added.filter((filename) => !present.has(filename));
    for (const batch of batches(gone)) await this.remove(...batch);
    return added.length - gone.length;
  }

  async #removeGone(store: ArtifactStore, filenames: readonly string[]): Promise<number> {
    let removed = 0;
    for (const batch of batches(filenames)) {
      const manifests = await Promise.all(batch.map((filename) => store.readManifest(filename)));
      const gone = batch.filter((_, at) => manifests[at] === undefined);
      await this.remove(...gone);
      removed += gone.length;
    }
    return removed;
  }

  async #read(names: string[]): Promise<Manifest[]> {
    if (names.length === 0) return [];
    const texts = await this.#redis.hmget(this.#keys.exports, ...names);
    return texts.flatMap((text) => (text === null ? [] : (parseManifest(text) ?? [])));
  }
}

function batches(filenames: readonly string[]): string[][] {
  const count = Math.ceil(filenames.length / BATCH);
  return Array.from({ length: count }, (_, at) => filenames.slice(at * BATCH, (at + 1) * BATCH));
}

function parseManifest(text: string): Manifest | undefined {
  return manifestSchema.safeParse(JSON.parse(text)).data;
}

function parseRow(text: string): ListedExport | undefined {
  const manifest = parseManifest(text);
  if (manifest === undefined) return undefined;
  const { filename, export_date: date } = manifest;
  return { filename, exportedAtMs: Date.parse(date), row: JSON.stringify(toExportSummary(manifest)) };
}

/** Begins with the order of before, in which most is in its place already: sorting that takes one look at each. */
function sortRows(all: ReadonlyMap<string, ListedExport>, before: readonly ListedExport[]): readonly ListedExport[] {
  const kept = before.filter((listed) => all.get(listed.filename) === listed);
  const known = new Set(kept);
  const added = [...all.values()].filter((listed) => !known.has(listed));
  return [...added, ...kept].sort((left, right) => {
    const order = right.exportedAtMs - left.exportedAtMs;
    return order !== 0 ? order : left.filename < right.filename ? 1 : -1;
  });
}
