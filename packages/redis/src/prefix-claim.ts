import { randomUUID } from 'node:crypto';
import type { Lifecycle, Logger } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import { z } from 'zod';
import type { RedisClient } from './connect.js';
import type { RedisKeys } from './keys.js';

/** A process that has not said for this long that it uses the prefix counts as ended. */
const USE_SECONDS = 15;

const RENEWAL_MS = 5_000;

/** How long a start waits to learn whose prefix it is: while Redis is away, what can be served is served. */
const PATIENCE_MS = 1_000;

/** Which store of checkpoints a system has: what tells it from others, and where people find it. */
interface Store {
  readonly id: string;
  readonly place: string;
}

/** What a claim needs. */
export interface ClaimOptions {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly logger: Logger;
  /** The store of this process; undefined if it cannot be told. */
  readonly identify: () => Promise<Store | undefined>;
}

/**
 * Notes that a process uses the prefix for a store. Replies with the store that the prefix belongs to, and whether it was taken
 * from another: one that was at the same place, so that its files are gone, and that nobody uses any more.
 */
const CLAIM = `
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREM', KEYS[2], ARGV[3])
local text = redis.call('GET', KEYS[1])
local owner = text and cjson.decode(text)
local isOther = owner and owner.id ~= ARGV[1]
if isOther and (owner.place ~= ARGV[2] or redis.call('ZCARD', KEYS[2]) > 0) then return {'refused', text} end
redis.call('SET', KEYS[1], cjson.encode({id = ARGV[1], place = ARGV[2]}))
redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[3])
return {isOther and 'taken' or 'held', text or ''}
`;

const replySchema = z.tuple([z.enum(['refused', 'taken', 'held']), z.string()]);
const ownerSchema = z.object({ id: z.string(), place: z.string() });

/**
 * Claims the prefix for the store of this process, and goes on saying so until `lifecycle` stops. A prefix belongs to one store:
 * two systems would do each other's jobs on files that they do not have. While Redis or the store is away nothing is waited
 * for; the claim is made when they are back, and what is refused then ends the process.
 * @throws ConfigurationError if the prefix belongs to another store
 */
export async function claimPrefix(options: ClaimOptions, lifecycle: Lifecycle): Promise<void> {
  const { redis } = options;
  const claim = new PrefixClaim(options);
  // A refusal is nobody's to catch: as at the start, it ends the process with its sentence.
  const renew = () => void claim.make();
  const timer = setInterval(renew, RENEWAL_MS);
  lifecycle.onStop('claim of the prefix', () => {
    clearInterval(timer);
    redis.off('ready', renew);
    return claim.release();
  });
  await Promise.race([readyOrRefused(redis).then(() => claim.make()), passed(PATIENCE_MS)]);
  redis.on('ready', renew);
}

class PrefixClaim {
  readonly #options: ClaimOptions;
  readonly #member = randomUUID();
  #store: Store | undefined;

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  /** Makes the claim, or makes it again. Resolves without it while Redis or the store is away. @throws ConfigurationError */
  async make(): Promise<void> {
    const { redis, keys, logger, identify } = this.#options;
    if (redis.status !== 'ready') return;
    try {
      this.#store ??= await identify();
      if (this.#store === undefined) return;
      const { id, place } = this.#store;
      const args = [keys.store, keys.storeUsers, id, place, this.#member, String(USE_SECONDS)];
      const [outcome, text] = replySchema.parse(await redis.eval(CLAIM, 2, ...args));
      if (outcome === 'refused') throw refusal(keys.prefix, ownerSchema.parse(JSON.parse(text)), this.#store);
      if (outcome === 'taken') {
        logger.warn({ place }, 'the store was made anew at its place, so the Redis prefix is that of the new one now');
      }
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      logger.debug({ err: error }, 'whose prefix it is could not be looked up');
    }
  }

  /** Says that this process uses the prefix no more. */
  async release(): Promise<void> {
    const { redis, keys } = this.#options;
    if (redis.status === 'ready') await redis.zrem(keys.storeUsers, this.#member).catch(() => undefined);
  }
}

function refusal(prefix: string, owner: Store, own: Store): ConfigurationError {
  return new ConfigurationError(
    `REDIS_PREFIX ${prefix} belongs to the store ${owner.place} (${owner.id}), and this system has ${own.place} (${own.id}): ` +
      `set another REDIS_PREFIX for one of them or, if that store is gone for good, release it with: redis-cli DEL ${prefix}:store`,
  );
}

/** Resolves when a connection can take commands, or was refused. */
function readyOrRefused(redis: RedisClient): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ['ready', 'close', 'error']) redis.once(event, () => resolve());
  });
}

function passed(timeoutMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
}
