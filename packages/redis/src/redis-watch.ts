import { Coalesced } from '@caissa/bytes';
import { REDIS_OUTAGES } from '@caissa/shared/contracts';
import type { Conditions } from '@caissa/shared/process';
import type { RedisClient } from './connect.js';
import { diagnose, diagnoseReply } from './diagnose.js';
import type { Diagnosis } from './diagnosis-rules.js';
import type { RedisKeys } from './keys.js';

/** How often Redis is looked at; also how long a write is remembered. */
const INTERVAL_MS = 1_000;

/** How long a connection that is being opened is waited for before it counts as none. */
const CONNECT_MS = 1_500;

/** How long a refusal that another connection reports counts: whoever met it tries again before. */
const REPORTED_MS = 60_000;

/** Where a {@link RedisWatch} looks, and where it tells what it sees. */
interface WatchContext {
  /** Fails fast while Redis is away. */
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly conditions: Conditions;
}

/**
 * Knows whether Redis does what it is asked, and if not, why. Writes, because a Redis that is full, or a replica, answers
 * everything else. What is wrong is raised as one of the conditions that are outages of Redis.
 */
export class RedisWatch {
  readonly #context: WatchContext;
  readonly #looking = new Coalesced(() => this.#look());
  readonly #timer: NodeJS.Timeout;
  readonly #onTrouble = () => {
    // What is wrong already is looked at often enough: each look at a replica ends in a new connection.
    if (this.isUp !== false) void this.look();
  };
  #reported: { readonly diagnosis: Diagnosis; readonly untilMs: number } | undefined;
  #hasLooked = false;

  /** Begins to look. */
  constructor(context: WatchContext) {
    this.#context = context;
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS);
    for (const event of ['error', 'close']) context.redis.on(event, this.#onTrouble);
    this.#onTrouble();
  }

  /** Whether Redis did what it was asked when it was last looked at; undefined before that. */
  get isUp(): boolean | undefined {
    if (!this.#hasLooked) return undefined;
    return !REDIS_OUTAGES.some((code) => this.#context.conditions.has(code));
  }

  /** Looks now, starting no earlier than this call; never rejects. */
  look(): Promise<void> {
    return this.#looking.get();
  }

  /** Takes note of an error of another connection, such as a missing right, which writing one key does not show. */
  report(error: unknown): void {
    const diagnosis = diagnoseReply(error);
    if (diagnosis?.code !== 'REDIS_DENIED') return;
    this.#reported = { diagnosis, untilMs: performance.now() + REPORTED_MS };
    void this.look();
  }

  /** Stops looking. */
  close(): void {
    clearInterval(this.#timer);
    for (const event of ['error', 'close']) this.#context.redis.off(event, this.#onTrouble);
  }

  async #look(): Promise<void> {
    const { redis, keys } = this.#context;
    try {
      await untilSettled(redis);
      await redis.set(keys.writable, '', 'PX', INTERVAL_MS);
      const { untilMs, diagnosis } = this.#reported ?? {};
      this.#tell(untilMs !== undefined && performance.now() < untilMs ? diagnosis : undefined);
    } catch (error) {
      this.#tell(diagnose(error));
    }
    this.#hasLooked = true;
  }

  #tell(diagnosis: Diagnosis | undefined): void {
    const { conditions } = this.#context;
    if (diagnosis !== undefined) conditions.raise(diagnosis.code, diagnosis.message);
    for (const code of REDIS_OUTAGES) if (code !== diagnosis?.code) conditions.clear(code);
  }
}

/** Waits until a connection that is being opened is open, or has failed: what was closed a moment ago does not know why. */
async function untilSettled(redis: RedisClient): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      for (const event of ['ready', 'error', 'end']) redis.off(event, settle);
      resolve();
    };
    const timer = setTimeout(settle, CONNECT_MS);
    for (const event of ['ready', 'error', 'end']) redis.on(event, settle);
  });
}
