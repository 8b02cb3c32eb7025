import type { Redis } from 'ioredis';
import { z } from 'zod';
import { metadataSchema } from '../contracts/json.js';
import { modelNameSchema } from '../contracts/names.js';
import { callRedis } from '../redis/connect.js';
import type { RedisKeys } from '../redis/keys.js';

/** The model that is served: what every loader replica follows. */
export const activePointerSchema = z.object({
  model_name: modelNameSchema,
  version: z.int().nullable(),
  /** SHA-256 of the checkpoint. The converted model is found by it, so replacing the file does not change what is served. */
  source_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  metadata: metadataSchema,
  load_date: z.string(),
  requested_by: z.string().optional(),
  job_id: z.string(),
});

/** See {@link activePointerSchema}. */
export type ActivePointer = z.infer<typeof activePointerSchema>;

/** A pointer with its place in the order of activations. */
export interface Activation {
  readonly generation: number;
  readonly pointer: ActivePointer;
}

/**
 * Moves the active pointer and counts the generation in one step. Called again for the same job, as happens when a
 * worker dies after moving it, it answers the generation the job already has.
 * KEYS: hash `active`. ARGV: pointer as JSON, job id, channel. Returns the generation.
 */
const ACTIVATE = `
if redis.call('HGET', KEYS[1], 'job') == ARGV[2] then
  return tonumber(redis.call('HGET', KEYS[1], 'generation'))
end
local generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HSET', KEYS[1], 'pointer', ARGV[1], 'job', ARGV[2])
redis.call('PUBLISH', ARGV[3], generation)
return generation
`;

/** Makes a model the active one. Answers its generation, a number that grows with every activation. */
export function activate(redis: Redis, keys: RedisKeys, pointer: ActivePointer): Promise<number> {
  return callRedis(async () => {
    const argument = JSON.stringify(activePointerSchema.parse(pointer));
    return Number(await redis.eval(ACTIVATE, 1, keys.active, argument, pointer.job_id, keys.activeChannel));
  });
}

/** The active model, or nothing if none was ever made active. */
export function readActivation(redis: Redis, keys: RedisKeys): Promise<Activation | undefined> {
  return callRedis(async () => {
    const [generation, pointer] = await redis.hmget(keys.active, 'generation', 'pointer');
    if (generation == null || pointer == null) return undefined;
    return { generation: Number(generation), pointer: activePointerSchema.parse(JSON.parse(pointer)) };
  });
}
