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
import { batches } from './batches.js';
import { Claim } from './claim.js';

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

/** How far the list of exports has come. */
export interface Completeness {
  /** Whether it has all that the store held when it was last looked through. */
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

  /** Adds artifacts, or replaces what is known of them. */
  async add(...manifests: readonly Manifest[]): Promise<void> {
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    const entries = manifests.map((manifest) => ({ manifest, text: JSON.stringify(manifest) }));
    for (const batch of batches(entries, ({ text }) => text.length)) {
      const args = batch.flatMap(({ manifest, text }) => [manifest.filename, text, Date.parse(manifest.export_date)]);
      await callRedis(() => this.#redis.eval(ADD, 3, exportsChanges, exports, exportsByDate, ...args));
    }
  }

  /**
   * Adds an artifact that its job has published. Whoever does so may be held up for so long that it was removed, and its name
   * given to another one: then the list says what is there.
   */
  async addPublished(store: Pick<ArtifactStore, 'readManifest'>, manifest: Manifest): Promise<void> {
    await this.add(manifest);
    const present = await store.readManifest(manifest.filename);
    if (present === undefined) await this.remove(manifest.filename);
    else if (present.job_id !== manifest.job_id) await this.add(present);
  }

  /** Forgets artifacts. */
  async remove(...filenames: readonly string[]): Promise<void> {
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    for (const batch of batches(filenames)) {
      const transaction = this.#redis
        .multi()
        .hdel(exports, ...batch)
        .zrem(exportsByDate, ...batch);
      await callRedis(() => runTransaction(noteChange(transaction, exportsChanges, batch)));
    }
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
    const total = indexing ? Claim.numberIn(indexing) : undefined;
    return { complete: false, ...(total === undefined ? {} : { total }) };
  }

  /**
   * Makes the index say what the store holds. Returns what had to be changed; nothing if another process is about it.
   * @throws AppError REDIS_UNAVAILABLE, STORE_UNAVAILABLE
   */
  async reconcile(store: ArtifactStore): Promise<{ added: number; removed: number } | undefined> {
    const { exportsIndexed, exportsIndexing } = this.#keys;
    const claim = await Claim.take(this.#redis, exportsIndexing);
    if (claim === undefined) return undefined;
    try {
      // Before the store is listed: what was in the index then and is not in the store, is gone.
      const known = new Set(await callRedis(() => this.#redis.hkeys(this.#keys.exports)));
      const stored = await store.listFilenames();
      await claim.tell(stored.length);
      const missing = stored.filter((filename) => !known.delete(filename));
      const added = await this.#addAll(store, missing);
      const removed = await this.#removeGone(store, [...known]);
      // Without the claim the list is not ours any more: Redis may have lost what was added.
      return (await claim.conclude(exportsIndexed)) ? { added, removed } : undefined;
    } finally {
      await claim.release();
    }
  }

  async #addAll(store: ArtifactStore, missing: readonly string[]): Promise<number> {
    const added: string[] = [];
    for (const batch of batches(missing)) {
      const read = await Promise.all(batch.map((filename) => store.readManifest(filename)));
      const manifests = read.filter((manifest) => manifest !== undefined);
      await this.add(...manifests);
      added.push(...manifests.map(({ filename }) => filename));
    }
    if (added.length === 0) return 0;
    // Some may have been removed since the store was listed.
    const present = new Set(await store.listFilenames());
    const gone = added.filter((filename) => !present.has(filename));
    await this.remove(...gone);
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

  async #read(names: readonly string[]): Promise<Manifest[]> {
    const manifests: Manifest[] = [];
    for (const batch of batches(names)) {
      const texts = await this.#redis.hmget(this.#keys.exports, ...batch);
      manifests.push(...texts.flatMap((text) => (text === null ? [] : (parseManifest(text) ?? []))));
    }
    return manifests;
  }
}

/** The metadata of what a job exported, if that is in the list. */
export async function readExportMetadata(
  redis: RedisClient,
  keys: RedisKeys,
  { filename, job_id }: Pick<Manifest, 'filename' | 'job_id'>,
): Promise<Manifest['metadata'] | undefined> {
  const text = await redis.hget(keys.exports, filename);
  const manifest = text === null ? undefined : parseManifest(text);
  // Once it is removed, its name may be that of another one.
  return manifest?.job_id === job_id ? manifest.metadata : undefined;
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
