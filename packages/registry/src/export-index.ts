import type { RedisKeys } from '@caissa/redis';
import { callRedis, HashMirror, NOTE_CHANGE, noteChange, type RedisClient, runTransaction } from '@caissa/redis';
import type { ArtifactStore } from '@caissa/storage';
import { type Manifest, manifestSchema } from '@caissa/storage';

/**
 * One script, because a transaction of ioredis costs more processor time than the rest of it beside BullMQ's many scripts.
 * KEYS: changes, exports, exports by date. ARGV: file name, manifest, time of export.
 */
const ADD = `
${NOTE_CHANGE}
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
`;

/** The list of exports in Redis, newest first. It is an index of the store and can be rebuilt from it. */
export class ExportIndex {
  readonly #redis: RedisClient;
  readonly #keys: RedisKeys;
  readonly #mirror: HashMirror<Manifest>;
  #sorted: { readonly of: ReadonlyMap<string, Manifest>; readonly manifests: readonly Manifest[] } | undefined;

  constructor(redis: RedisClient, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
    this.#mirror = new HashMirror({ redis, hash: keys.exports, changes: keys.exportsChanges, parse: parseManifest });
  }

  /** Adds an artifact, or replaces what is known of it. */
  async add(manifest: Manifest): Promise<void> {
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    const args = [manifest.filename, JSON.stringify(manifest), Date.parse(manifest.export_date)];
    await callRedis(() => this.#redis.eval(ADD, 3, exportsChanges, exports, exportsByDate, ...args));
  }

  /** Forgets an artifact. */
  async remove(filename: string): Promise<void> {
    const { exports, exportsChanges, exportsByDate } = this.#keys;
    const transaction = this.#redis.multi().hdel(exports, filename).zrem(exportsByDate, filename);
    await callRedis(() => runTransaction(noteChange(transaction, exportsChanges, filename)));
  }

  /** Every manifest, newest first, in an object that stays the same until something changes. */
  async newestFirst(): Promise<readonly Manifest[]> {
    const of = await callRedis(() => this.#mirror.all());
    if (this.#sorted?.of !== of) this.#sorted = { of, manifests: sortManifests(of, this.#sorted?.manifests ?? []) };
    return this.#sorted.manifests;
  }

  /** Every manifest but the `keep` newest, oldest last. */
  beyond(keep: number): Promise<Manifest[]> {
    return callRedis(async () => this.#read(await this.#redis.zrevrange(this.#keys.exportsByDate, keep, -1)));
  }

  /** Makes the index say what the store holds. Returns what had to be changed. */
  async reconcile(store: ArtifactStore): Promise<{ added: number; removed: number }> {
    const known = new Set(await callRedis(() => this.#redis.hkeys(this.#keys.exports)));
    let added = 0;
    for await (const manifest of store.listManifests()) {
      if (known.delete(manifest.filename)) continue;
      await this.add(manifest);
      // It may have been removed since the store was listed.
      if (await store.readManifest(manifest.filename)) added++;
      else await this.remove(manifest.filename);
    }
    // An artifact may have come after the store was listed; only what really is not there is forgotten.
    let removed = 0;
    for (const filename of known) {
      if (await store.readManifest(filename)) continue;
      await this.remove(filename);
      removed++;
    }
    return { added, removed };
  }

  async #read(names: string[]): Promise<Manifest[]> {
    if (names.length === 0) return [];
    const texts = await this.#redis.hmget(this.#keys.exports, ...names);
    return texts.flatMap((text) => (text === null ? [] : (parseManifest(text) ?? [])));
  }
}

function parseManifest(text: string): Manifest | undefined {
  return manifestSchema.safeParse(JSON.parse(text)).data;
}

/** Begins with the order of before, in which most is in its place already: sorting that takes one look at each. */
function sortManifests(all: ReadonlyMap<string, Manifest>, before: readonly Manifest[]): readonly Manifest[] {
  const kept = before.filter((manifest) => all.get(manifest.filename) === manifest);
  const known = new Set(kept);
  const added = [...all.values()].filter((manifest) => !known.has(manifest));
  return [...added, ...kept].sort((left, right) => {
    const order = timeOf(right) - timeOf(left);
    return order !== 0 ? order : left.filename < right.filename ? 1 : -1;
  });
}

const times = new WeakMap<Manifest, number>();

function timeOf(manifest: Manifest): number {
  const known = times.get(manifest);
  if (known !== undefined) return known;
  const time = Date.parse(manifest.export_date);
  times.set(manifest, time);
  return time;
}
