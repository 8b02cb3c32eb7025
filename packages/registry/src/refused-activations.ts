import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient, runTransaction } from '@caissa/redis';
import { type ActivationEntry, activationEntrySchema } from '@caissa/shared/contracts';
import { indexActivations, JOURNAL_LIMIT } from './journal-index.js';

/** Entries that are written to the file at once. */
const PIECE = 100;

/**
 * Puts an entry into the index that no loader has seen, and leaves it for a loader to write to the file of the journal:
 * the API refuses what is known to be bad without asking one.
 */
export async function noteRefusedActivation(
  redis: RedisClient,
  keys: RedisKeys,
  entry: ActivationEntry,
): Promise<void> {
  await runTransaction(
    redis
      .multi()
      .rpush(keys.activationsRefused, JSON.stringify(entry))
      .ltrim(keys.activationsRefused, -JOURNAL_LIMIT, -1),
  );
  await indexActivations(redis, keys, [entry]);
}

/**
 * Hands over what {@link noteRefusedActivation} left, oldest first, and forgets each entry when `write` has taken it. If
 * several loaders come at once an entry may be written twice, which the journal allows.
 */
export function takeRefusedActivations(
  redis: RedisClient,
  keys: RedisKeys,
  write: (entry: ActivationEntry) => Promise<void>,
): Promise<void> {
  return callRedis(async () => {
    for (const text of await redis.lrange(keys.activationsRefused, 0, PIECE - 1)) {
      const parsed = activationEntrySchema.safeParse(JSON.parse(text));
      if (parsed.success) await write(parsed.data);
      await redis.lrem(keys.activationsRefused, 1, text);
    }
  });
}
