import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { metadataSchema } from '../contracts/json.js';
import { architectureSchema, type TensorSummary, tensorSummarySchema } from '../contracts/models.js';
import { modelNameSchema } from '../contracts/names.js';
import { problemSchema } from '../errors/problem.js';
import { callRedis } from '../redis/connect.js';
import type { RedisKeys } from '../redis/keys.js';
import { runTransaction } from '../redis/transaction.js';

/** What an inspection found out about one state of a checkpoint. */
export const catalogueEntrySchema = z.object({
  name: modelNameSchema,
  /** The state of the file that was inspected; an entry of another state says nothing about the file. */
  identity: z.string(),
  status: z.enum(['ready', 'unreadable']),
  version: z.int().nullable(),
  training_date: z.string().nullable(),
  metadata: metadataSchema,
  architecture: architectureSchema.nullable(),
  sha256: z.string().nullable(),
  problem: problemSchema.optional(),
  inspected_at: z.iso.datetime(),
});

/** See {@link catalogueEntrySchema}. */
export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;

/** The index of checkpoints in Redis. It can be rebuilt by inspecting the model folder again. */
export class Catalogue {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  #snapshot: { revision: string | null; entries: ReadonlyMap<string, CatalogueEntry> } | undefined;

  constructor(redis: Redis, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Every entry by name. The answer is kept and only read again when something has changed. */
  all(): Promise<ReadonlyMap<string, CatalogueEntry>> {
    return callRedis(async () => {
      const revision = await this.#redis.get(this.#keys.catalogueRevision);
      if (this.#snapshot === undefined || this.#snapshot.revision !== revision) {
        const raw = await this.#redis.hgetall(this.#keys.catalogue);
        const entries = Object.entries(raw).flatMap(([name, text]) => {
          const entry = parseEntry(text);
          return entry ? [[name, entry] as const] : [];
        });
        this.#snapshot = { revision, entries: new Map(entries) };
      }
      return this.#snapshot.entries;
    });
  }

  /** The entry of one model, if it was inspected. */
  get(name: string): Promise<CatalogueEntry | undefined> {
    return callRedis(async () => parseEntry(await this.#redis.hget(this.#keys.catalogue, name)));
  }

  /** The tensors of one model, empty if it could not be read. */
  tensors(name: string): Promise<TensorSummary[]> {
    return callRedis(async () => {
      const text = await this.#redis.hget(this.#keys.catalogueTensors, name);
      return text === null ? [] : z.array(tensorSummarySchema).parse(JSON.parse(text));
    });
  }

  /** Replaces what is known of a model. */
  async put(entry: CatalogueEntry, tensors: readonly TensorSummary[]): Promise<void> {
    await callRedis(() =>
      runTransaction(
        this.#redis
          .multi()
          .hset(this.#keys.catalogue, entry.name, JSON.stringify(entry))
          .hset(this.#keys.catalogueTensors, entry.name, JSON.stringify(tensors))
          .set(this.#keys.catalogueRevision, randomUUID()),
      ),
    );
  }

  /** Forgets models that are gone. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await callRedis(() =>
      runTransaction(
        this.#redis
          .multi()
          .hdel(this.#keys.catalogue, ...names)
          .hdel(this.#keys.catalogueTensors, ...names)
          .set(this.#keys.catalogueRevision, randomUUID()),
      ),
    );
  }
}

function parseEntry(text: string | null): CatalogueEntry | undefined {
  if (text === null) return undefined;
  const parsed = catalogueEntrySchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
