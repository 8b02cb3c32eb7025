import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient } from '@caissa/redis';
import { type ActivationEntry, activationEntrySchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';

/** Entries of the journal that are kept. */
export const JOURNAL_LIMIT = 10_000;

/** Entries that a search reads at once. */
const PIECE = 100;

/**
 * Writes entries, each in place of the one of its job, unless that one is of a later attempt, or over while the new one is
 * not; then removes the oldest beyond the limit.
 * KEYS: hash, sorted set. ARGV: limit, then job id, begin in milliseconds, whether it is over, and JSON of each entry.
 */
const PUT = `
local function attempts(entry) return tonumber(string.match(entry, '"attempts":(%d+)') or '0') end
local function replaces(new, isOver, held)
  if not held then return true end
  if attempts(held) > attempts(new) then return false end
  return isOver == '1' or not string.find(held, '"finished_at":"', 1, true)
end
for at = 2, #ARGV, 4 do
  if replaces(ARGV[at + 3], ARGV[at + 2], redis.call('HGET', KEYS[1], ARGV[at])) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 3])
    redis.call('ZADD', KEYS[2], 'NX', ARGV[at + 1], ARGV[at])
  end
end
local surplus = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[1])
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do redis.call('HDEL', KEYS[1], id) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, surplus - 1)
end
`;

/** A page of the journal, newest first. */
export interface ActivationPage {
  readonly entries: ActivationEntry[];
  readonly total: number;
  readonly next?: string;
}

/**
 * Indexes entries of the journal, which itself is a file: see the loader. A later state of an entry replaces an earlier
 * one. `again` says that an entry that was over has begun anew.
 */
export function indexActivations(
  redis: RedisClient,
  keys: RedisKeys,
  entries: readonly ActivationEntry[],
  again = false,
): Promise<void> {
  return callRedis(async () => {
    for (let start = 0; start < entries.length; start += PIECE) {
      const args = entries
        .slice(start, start + PIECE)
        .flatMap((one) => [
          one.job_id,
          Date.parse(one.started_at),
          again || one.finished_at !== null ? '1' : '0',
          JSON.stringify(one),
        ]);
      await redis.eval(PUT, 2, keys.activations, keys.activationsByDate, JOURNAL_LIMIT, ...args);
    }
  });
}

/** The entry of a job, if it has one. */
export function readActivationEntry(
  redis: RedisClient,
  keys: RedisKeys,
  jobId: string,
): Promise<ActivationEntry | undefined> {
  return callRedis(async () => parseEntries([await redis.hget(keys.activations, jobId)])[0]);
}

/** A page of the journal. @throws AppError INVALID_PARAMETER if the cursor is none */
export function listActivations(
  redis: RedisClient,
  keys: RedisKeys,
  limit: number,
  cursor?: string,
): Promise<ActivationPage> {
  return callRedis(async () => {
    const start = await startRank(redis, keys, cursor);
    const [ids, total] = await Promise.all([
      redis.zrevrange(keys.activationsByDate, start, start + limit),
      redis.zcard(keys.activationsByDate),
    ]);
    const shown = ids.slice(0, limit);
    const last = shown.at(-1);
    const next = ids.length > limit && last !== undefined ? { next: last } : {};
    return { entries: await readEntries(redis, keys, shown), total, ...next };
  });
}

/** The newest entry that `matches`. */
export function findActivationEntry(
  redis: RedisClient,
  keys: RedisKeys,
  matches: (entry: ActivationEntry) => boolean,
): Promise<ActivationEntry | undefined> {
  return callRedis(async () => {
    for (let start = 0; ; start += PIECE) {
      const ids = await redis.zrevrange(keys.activationsByDate, start, start + PIECE - 1);
      const found = (await readEntries(redis, keys, ids)).find(matches);
      if (found !== undefined || ids.length < PIECE) return found;
    }
  });
}

async function startRank(redis: RedisClient, keys: RedisKeys, cursor: string | undefined): Promise<number> {
  if (cursor === undefined) return 0;
  const rank = await redis.zrevrank(keys.activationsByDate, cursor);
  if (rank !== null) return rank + 1;
  throw new AppError('INVALID_PARAMETER', 'The cursor is not one that was given out, or is too old.', {
    errors: [{ pointer: '?cursor', detail: 'unknown cursor' }],
  });
}

async function readEntries(redis: RedisClient, keys: RedisKeys, ids: readonly string[]): Promise<ActivationEntry[]> {
  return ids.length === 0 ? [] : parseEntries(await redis.hmget(keys.activations, ...ids));
}

/** An entry of another version of the loader must not hide the others. */
function parseEntries(texts: readonly (string | null)[]): ActivationEntry[] {
  return texts.flatMap((text) => {
    const parsed = text === null ? undefined : activationEntrySchema.safeParse(JSON.parse(text));
    return parsed?.success ? [parsed.data] : [];
  });
}
