import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient, runTransaction } from '@caissa/redis';
import { replicaStateSchema } from '@caissa/shared/contracts';
import { z } from 'zod';

/** How often a loader reports itself. */
export const HEARTBEAT_INTERVAL_MS = 1_000;

/** A loader that has not reported itself for this long counts as gone. */
const HEARTBEAT_TTL_MS = 5_000;

/** A model that a loader holds. */
const sessionStateSchema = z.object({
  name: z.string(),
  version: z.string(),
  state: z.enum(['READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING']),
  active: z.boolean(),
});

export type SessionState = z.infer<typeof sessionStateSchema>;

/** A size that networks must have to be activated. */
const demandSchema = z.union([z.int().positive(), z.literal('any')]);

/** What a loader replica says of itself. */
const heartbeatSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  state: replicaStateSchema,
  /** The model that it serves now, if any. */
  model_name: z.string().nullable(),
  /** The generation that it has reached: of its model, or of the unload that left it without one. 0 if neither. */
  generation: z.int().nonnegative(),
  problem: z.string().nullable(),
  device_type: z.enum(['cpu', 'cuda']),
  device_name: z.string(),
  execution_providers: z.array(z.string()),
  cpu: z.object({ model: z.string(), cores: z.int() }),
  memory: z.object({ total_bytes: z.int(), free_bytes: z.int() }),
  // Loaders of before the total was reported leave it out.
  gpu: z.object({ memory_allocated: z.int(), memory_total: z.int().optional() }).optional(),
  /** What it demands of a network before it makes it active; loaders of before it was reported leave it out. */
  expected: z.object({ channels: demandSchema, blocks: demandSchema }).optional(),
  // Loaders of before inference report nothing of what follows.
  /** When its process began to report itself, since the epoch: tells it from one that was at its address before. */
  started_at_ms: z.int().nonnegative().default(0),
  /** Where it answers the Open Inference Protocol, without a trailing slash. */
  url: z.string().nullable().default(null),
  positions_served: z.int().nonnegative().default(0),
  /** Times that the process of a session ended unasked. */
  session_restarts: z.int().nonnegative().default(0),
  sessions: z.array(sessionStateSchema).default([]),
});

export type Heartbeat = z.infer<typeof heartbeatSchema>;
/** A heartbeat as a loader may send it: what has a default may be left out. */
export type HeartbeatReport = z.input<typeof heartbeatSchema>;

/**
 * Reports a loader. Redis forgets it by itself when it stops reporting. One that takes no news because it is full keeps the
 * last. @throws AppError REDIS_UNAVAILABLE
 */
export async function sendHeartbeat(redis: RedisClient, keys: RedisKeys, heartbeat: HeartbeatReport): Promise<void> {
  const key = keys.loaderHeartbeat(heartbeat.id);
  try {
    await callRedis(() =>
      runTransaction(
        redis.multi().sadd(keys.loaders, heartbeat.id).set(key, JSON.stringify(heartbeat), 'PX', HEARTBEAT_TTL_MS),
      ),
    );
  } catch (error) {
    await redis.pexpire(key, HEARTBEAT_TTL_MS).catch(() => undefined);
    throw error;
  }
}

/** Takes a loader off the list at once, when it stops in order. */
export async function removeHeartbeat(redis: RedisClient, keys: RedisKeys, id: string): Promise<void> {
  await callRedis(() => runTransaction(redis.multi().srem(keys.loaders, id).del(keys.loaderHeartbeat(id))));
}

/** The loaders that are alive, by id. */
export function readHeartbeats(redis: RedisClient, keys: RedisKeys): Promise<Heartbeat[]> {
  return callRedis(async () => {
    const ids = (await redis.smembers(keys.loaders)).sort();
    if (ids.length === 0) return [];
    const texts = await redis.mget(ids.map((id) => keys.loaderHeartbeat(id)));
    const gone = ids.filter((_, index) => texts[index] == null);
    if (gone.length > 0) await redis.srem(keys.loaders, ...gone);
    const heartbeats = texts.flatMap((text) => {
      // A report of another version of the loader must not hide those of the others.
      const parsed = text == null ? undefined : heartbeatSchema.safeParse(JSON.parse(text));
      return parsed?.success ? [parsed.data] : [];
    });
    return heartbeats.filter((one) => !heartbeats.some((other) => isReplacedBy(one, other)));
  });
}

/** Whether a loader listens where another one did, which must have ended without a word. */
function isReplacedBy(one: Heartbeat, other: Heartbeat): boolean {
  return (
    one.url !== null && one.url === other.url && one.host === other.host && one.started_at_ms < other.started_at_ms
  );
}

/** Whether a loader has caught up with a generation: it serves it, or a later one, or nothing where nothing is active. */
export function hasReached(heartbeat: Heartbeat, generation: number): boolean {
  return heartbeat.generation >= generation && (heartbeat.model_name !== null || heartbeat.state === 'idle');
}

/** How many loaders serve a generation, of how many there are. */
export function countReplicas(heartbeats: readonly Heartbeat[], generation: number): { ready: number; total: number } {
  return {
    ready: heartbeats.filter((one) => one.model_name !== null && one.generation === generation).length,
    total: heartbeats.length,
  };
}
