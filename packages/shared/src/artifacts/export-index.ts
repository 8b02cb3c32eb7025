import type { Redis } from 'ioredis';
import { AppError } from '../errors/app-error.js';
import { callRedis } from '../redis/connect.js';
import type { RedisKeys } from '../redis/keys.js';
import { runTransaction } from '../redis/transaction.js';
import type { ArtifactStore } from './artifact-store.js';
import { type Manifest, manifestSchema } from './manifest.js';

/** The list of exports in Redis, newest first. It is an index of the store and can be rebuilt from it. */
export class ExportIndex {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Adds an artifact, or replaces what is known of it. */
  async add(manifest: Manifest): Promise<void> {
    const { exports, exportsByDate } = this.#keys;
    await callRedis(() =>
      runTransaction(
        this.#redis
          .multi()
          .hset(exports, manifest.filename, JSON.stringify(manifest))
          .zadd(exportsByDate, Date.parse(manifest.export_date), manifest.filename),
      ),
    );
  }

  /** Forgets an artifact. */
  async remove(filename: string): Promise<void> {
    const { exports, exportsByDate } = this.#keys;
    await callRedis(() => runTransaction(this.#redis.multi().hdel(exports, filename).zrem(exportsByDate, filename)));
  }

  /** A page of manifests, newest first, and how many there are in all. @throws AppError INVALID_PARAMETER */
  page(limit: number, cursor?: string): Promise<{ manifests: Manifest[]; total: number; next?: string }> {
    return callRedis(async () => {
      const start = cursor === undefined ? 0 : await this.#rankAfter(cursor);
      const [names, total] = await Promise.all([
        this.#redis.zrevrange(this.#keys.exportsByDate, start, start + limit - 1),
        this.#redis.zcard(this.#keys.exportsByDate),
      ]);
      const manifests = await this.#read(names);
      const last = names.at(-1);
      return { manifests, total, ...(last !== undefined && start + names.length < total ? { next: last } : {}) };
    });
  }

  /** Every manifest but the `keep` newest, oldest last. */
  beyond(keep: number): Promise<Manifest[]> {
    return callRedis(async () => this.#read(await this.#redis.zrevrange(this.#keys.exportsByDate, keep, -1)));
  }

  /** Makes the index say what the store holds. Answers what had to be changed. */
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

  async #rankAfter(cursor: string): Promise<number> {
    const rank = await this.#redis.zrevrank(this.#keys.exportsByDate, cursor);
    if (rank === null)
      throw new AppError('INVALID_PARAMETER', 'The cursor points to an export that is gone. Start over.');
    return rank + 1;
  }

  async #read(names: string[]): Promise<Manifest[]> {
    if (names.length === 0) return [];
    const texts = await this.#redis.hmget(this.#keys.exports, ...names);
    return texts.flatMap((text) => {
      const parsed = text === null ? undefined : manifestSchema.safeParse(JSON.parse(text));
      return parsed?.success ? [parsed.data] : [];
    });
  }
}
