import type { RedisKeys } from '@caissa/redis';
import { CHANGED, callRedis, HashMirror, NOTE_CHANGED, type RedisClient } from '@caissa/redis';
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
import type { HeldLock } from './held-lock.js';

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

/** On what terms something is written into the catalogue. */
export interface WritingTerms {
  /** The {@link Catalogue.moment} since which nobody else may have written of the model; any if left out. */
  readonly since?: number;
  /** The lock of a job, which whoever writes must hold. */
  readonly lock?: HeldLock;
}

const outcomeSchema = z.enum(['written', 'overtaken', 'lost']);

/** `overtaken`: somebody has written of the model since. `lost`: the lock is not held any more. */
export type WritingOutcome = z.infer<typeof outcomeSchema>;

/**
 * Puts or removes an entry, if the terms are met, and notes the moment. The clock never goes back, also after Redis has lost
 * its memory, since it is never behind that of Redis.
 * KEYS: changes, catalogue, tensors, moments, lock if one must be held. ARGV: its token, moment or nothing, model name,
 * and of what is put entry and tensors.
 */
const WRITE = `
${CHANGED}
if KEYS[5] and redis.call('GET', KEYS[5]) ~= ARGV[1] then return 'lost' end
local name = ARGV[3]
local written = tonumber(redis.call('HGET', KEYS[4], name) or '0')
if ARGV[2] ~= '' and written > tonumber(ARGV[2]) then return 'overtaken' end
local time = redis.call('TIME')
local latest = tonumber(redis.call('HGET', KEYS[4], '') or '0')
local now = string.format('%.0f', math.max(latest + 1, time[1] * 1000 + math.floor(time[2] / 1000)))
redis.call('HSET', KEYS[4], '', now, name, now)
changed(name)
if ARGV[4] then
  redis.call('HSET', KEYS[2], name, ARGV[4])
  redis.call('HSET', KEYS[3], name, ARGV[5])
else
  redis.call('HDEL', KEYS[2], name)
  redis.call('HDEL', KEYS[3], name)
end
${NOTE_CHANGED}
return 'written'
`;

/** Work on a model does not take longer: a moment of before says nothing any more. */
const MOMENTS_KEPT_MS = 24 * 3_600_000;

/** KEYS: moments. ARGV: how long they are kept, in milliseconds. */
const FORGET_MOMENTS = `
local moments = redis.call('HGETALL', KEYS[1])
local latest = tonumber(redis.call('HGET', KEYS[1], '') or '0')
for at = 1, #moments, 2 do
  if tonumber(moments[at + 1]) < latest - tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], moments[at]) end
end
`;

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

  /**
   * The present moment, by a clock that goes on with each change of the catalogue. Who looks at a file asks for it before,
   * and is refused if somebody has written of the same model since: an old verdict never takes the place of a newer one.
   */
  moment(): Promise<number> {
    return callRedis(async () => Number((await this.#redis.hget(this.#keys.catalogueMoments, '')) ?? 0));
  }

  /** Replaces what is known of a model. */
  put(entry: CatalogueEntry, tensors: readonly TensorSummary[], terms: WritingTerms = {}): Promise<WritingOutcome> {
    return this.#write(terms, [entry.name, JSON.stringify(entry), JSON.stringify(tensors)]);
  }

  /** Forgets a model that is gone. */
  remove(name: string, terms: WritingTerms = {}): Promise<WritingOutcome> {
    return this.#write(terms, [name]);
  }

  /** Forgets models that were gone at a moment and were not written of since. */
  async removeAll(names: readonly string[], moment: number): Promise<void> {
    for (const batch of batches(names)) {
      await Promise.all(batch.map((name) => this.remove(name, { since: moment })));
    }
    if (names.length === 0) return;
    await callRedis(() => this.#redis.eval(FORGET_MOMENTS, 1, this.#keys.catalogueMoments, MOMENTS_KEPT_MS));
  }

  #write({ since = Number.POSITIVE_INFINITY, lock }: WritingTerms, what: readonly string[]): Promise<WritingOutcome> {
    const { catalogue, catalogueTensors, catalogueChanges, catalogueMoments } = this.#keys;
    const keys = [catalogueChanges, catalogue, catalogueTensors, catalogueMoments, ...(lock ? [lock.key] : [])];
    const args = [lock?.token ?? '', Number.isFinite(since) ? since : '', ...what];
    return callRedis(async () => outcomeSchema.parse(await this.#redis.eval(WRITE, keys.length, ...keys, ...args)));
  }
}

function parseEntry(text: string | null): CatalogueEntry | undefined {
  if (text === null) return undefined;
  const entry = JSON.parse(text);
  const { data } = catalogueEntrySchema.safeParse(entry);
  // Readers of before there were warnings refused more: what they could not read is to be looked into again.
  return data?.status === 'unreadable' && entry.warnings === undefined ? undefined : data;
}
