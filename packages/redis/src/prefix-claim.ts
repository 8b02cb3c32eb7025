import type { Lifecycle, Logger } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import { z } from 'zod';
import type { RedisClient } from './connect.js';
import type { RedisKeys } from './keys.js';

/** How often a claim is made again: Redis may have lost it, or somebody may have released the store. */
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
  /** Id of the store whose place this one takes, whatever became of it; empty for none. */
  readonly released: string;
}

/** Notes that the prefix belongs to a store, and replies with the other one that it belongs to, if there is one that was not released. */
const CLAIM = `
local text = redis.call('GET', KEYS[1])
local owner = text and cjson.decode(text)
if owner and owner.id ~= ARGV[1] and owner.id ~= ARGV[3] then return text end
if text ~= ARGV[2] then redis.call('SET', KEYS[1], ARGV[2]) end
return false
`;

const ownerSchema = z.object({ id: z.string(), place: z.string() });

/**
 * Claims the prefix for the store of this process, and goes on saying so until `lifecycle` stops. A prefix belongs to one store:
 * two systems would do each other's jobs on files that they do not have. What tells stores apart is their id alone: in containers all
 * lie at the same place. While Redis or the store is away nothing is waited
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
  });
  await Promise.race([readyOrRefused(redis).then(() => claim.make()), passed(PATIENCE_MS)]);
  redis.on('ready', renew);
}

class PrefixClaim {
  readonly #options: ClaimOptions;
  #store: Store | undefined;

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  /** Makes the claim, or makes it again. Resolves without it while Redis or the store is away. @throws ConfigurationError */
  async make(): Promise<void> {
    const { redis, keys, logger, identify, released } = this.#options;
    if (redis.status !== 'ready') return;
    try {
      this.#store ??= await identify();
      if (this.#store === undefined) return;
      const { id, place } = this.#store;
      const owner = await redis.eval(CLAIM, 1, keys.store, id, JSON.stringify({ id, place }), released);
      if (typeof owner === 'string') throw refusal(keys.prefix, ownerSchema.parse(JSON.parse(owner)), this.#store);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      logger.debug({ err: error }, 'whose prefix it is could not be looked up');
    }
  }
}

function refusal(prefix: string, owner: Store, own: Store): ConfigurationError {
  const release = `RELEASE_STORE=${owner.id}`;
  return new ConfigurationError(
    `REDIS_PREFIX ${prefix} belongs to the models in ${owner.place} (store ${owner.id}), and this system has others, ` +
      `in ${own.place} (store ${own.id}): if both are in use, set another REDIS_PREFIX for one of them; if the first were ` +
      `removed or replaced on purpose, start once with ${release} (${release} npm start).`,
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
