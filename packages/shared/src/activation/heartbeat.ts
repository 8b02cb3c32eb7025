import type { Redis } from 'ioredis';
import { z } from 'zod';
import { callRedis } from '../redis/connect.js';
import type { RedisKeys } from '../redis/keys.js';
import { runTransaction } from '../redis/transaction.js';

/** How often a loader reports itself. */
export const HEARTBEAT_INTERVAL_MS = 1_000;

/** A loader that has not reported itself for this long counts as gone. */
const HEARTBEAT_TTL_MS = 5_000;

/** What a loader replica says of itself. */
export const heartbeatSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  /** `idle`: no model yet. `ready`: answers with the model. `opening`: a newer model is on its way. `failed`: it could not open the newest. */
  state: z.enum(['idle', 'ready', 'opening', 'failed']),
  /** The model that it serves now, if any. */
  model_name: z.string().nullable(),
  generation: z.int().nonnegative(),
  problem: z.string().nullable(),
  device_type: z.enum(['cpu', 'cuda']),
  device_name: z.string(),
  execution_providers: z.array(z.string()),
  cpu: z.object({ model: z.string(), cores: z.int() }),
  memory: z.object({ total_bytes: z.int(), free_bytes: z.int() }),
  gpu: z.object({ memory_allocated: z.int() }).optional(),
});

/** See {@link heartbeatSchema}. */
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** Reports a loader. Redis forgets it by itself when it stops reporting. */
export async function sendHeartbeat(redis: Redis, keys: RedisKeys, heartbeat: Heartbeat): Promise<void> {
  await callRedis(() =>
    runTransaction(
      redis
        .multi()
        .sadd(keys.loaders, heartbeat.id)
        .set(keys.loaderHeartbeat(heartbeat.id), JSON.stringify(heartbeat), 'PX', HEARTBEAT_TTL_MS),
    ),
  );
}

/** Takes a loader off the list at once, when it stops in order. */
export async function removeHeartbeat(redis: Redis, keys: RedisKeys, id: string): Promise<void> {
  await callRedis(() => runTransaction(redis.multi().srem(keys.loaders, id).del(keys.loaderHeartbeat(id))));
}

/** The loaders that are alive, by id. */
export function readHeartbeats(redis: Redis, keys: RedisKeys): Promise<Heartbeat[]> {
  return callRedis(async () => {
    const ids = (await redis.smembers(keys.loaders)).sort();
    if (ids.length === 0) return [];
    const texts = await redis.mget(ids.map((id) => keys.loaderHeartbeat(id)));
    const gone = ids.filter((_, index) => texts[index] == null);
    if (gone.length > 0) await redis.srem(keys.loaders, ...gone);
    return texts.flatMap((text) => {
      // A report of another version of the loader must not hide those of the others.
      const parsed = text == null ? undefined : heartbeatSchema.safeParse(JSON.parse(text));
      return parsed?.success ? [parsed.data] : [];
    });
  });
}

/** How many loaders serve a generation, of how many there are. */
export function countReplicas(heartbeats: readonly Heartbeat[], generation: number): { ready: number; total: number } {
  return {
    ready: heartbeats.filter((one) => one.model_name !== null && one.generation === generation).length,
    total: heartbeats.length,
  };
}
