import type { RedisKeys } from '@caissa/redis';
import { callRedis, HashMirror, noteChange, type RedisClient, runTransaction } from '@caissa/redis';
import {
  architectureSchema,
  metadataSchema,
  modelNameSchema,
  type TensorSummary,
  tensorSummarySchema,
  versionSchema,
  warningsSchema,
} from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { batches } from './batches.js';

/** What an inspection found out about one state of a checkpoint. */
const catalogueEntrySchema = z.object({
  name: modelNameSchema,
  /** The state of the file that was inspected; an entry of another state says nothing about the file. */
  identity: z.string(),
  status: z.enum(['ready', 'unreadable']),
  version: versionSchema.nullable(),
  training_date: z.string().nullable(),
  metadata: metadataSchema,
  architecture: architectureSchema.nullable(),
  sha256: z.string().nullable(),
  problem: problemSchema.optional(),
  /** None in entries that were written before there were any. */
  warnings: warningsSchema.default([]),
  inspected_at: z.iso.datetime(),
});

export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;

/** The index of checkpoints in Redis. It can be rebuilt by inspecting the model folder again. */
export class Catalogue {
  readonly #redis: RedisClient;
  readonly #keys: RedisKeys;
  readonly #mirror: HashMirror<CatalogueEntry>;

  constructor(redis: RedisClient, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
    this.#mirror = new HashMirror({ redis, hash: keys.catalogue, changes: keys.catalogueChanges, parse: parseEntry });
  }

  /** Every entry by name, in an object that stays the same until something changes. */
  all(): Promise<ReadonlyMap<string, CatalogueEntry>> {
    return callRedis(() => this.#mirror.all());
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
    const { catalogue, catalogueTensors, catalogueChanges } = this.#keys;
    const transaction = this.#redis
      .multi()
      .hset(catalogue, entry.name, JSON.stringify(entry))
      .hset(catalogueTensors, entry.name, JSON.stringify(tensors));
    await callRedis(() => runTransaction(noteChange(transaction, catalogueChanges, [entry.name])));
  }

  /** Forgets models that are gone. */
  async remove(names: readonly string[]): Promise<void> {
    const { catalogue, catalogueTensors, catalogueChanges } = this.#keys;
    for (const batch of batches(names)) {
      const transaction = this.#redis
        .multi()
        .hdel(catalogue, ...batch)
        .hdel(catalogueTensors, ...batch);
      await callRedis(() => runTransaction(noteChange(transaction, catalogueChanges, batch)));
    }
  }
}

function parseEntry(text: string | null): CatalogueEntry | undefined {
  if (text === null) return undefined;
  const entry = JSON.parse(text);
  const { data } = catalogueEntrySchema.safeParse(entry);
  // Readers of before there were warnings refused more: what they could not read is to be looked into again.
  return data?.status === 'unreadable' && entry.warnings === undefined ? undefined : data;
}
