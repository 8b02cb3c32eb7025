import { randomUUID } from 'node:crypto';
import { callRedis, type RedisClient } from '@caissa/redis';

/** A process that has not renewed its claim for this long counts as gone. */
const CLAIM_MS = 15_000;

/** KEYS: claim. ARGV: its text so far, its text from now on, milliseconds. */
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`;

/** KEYS: claim. ARGV: its text. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/** KEYS: claim, flag. ARGV: text of the claim. */
const CONCLUDE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1')
return 1
`;

/**
 * The right of one process to do some work, as a key of Redis that begins with a number for others to read. It is
 * renewed until it is released, and lost when the process hangs or Redis loses its data; what belongs to somebody else
 * by then is left alone.
 */
export class Claim {
  readonly #redis: RedisClient;
  readonly #key: string;
  readonly #owner = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #text: string;
  /** When it was asked for that which Redis has granted last, by `performance.now()`. */
  #grantedAtMs = performance.now();
  #isLost = false;

  private constructor(redis: RedisClient, key: string) {
    this.#redis = redis;
    this.#key = key;
    this.#text = ` ${this.#owner}`;
  }

  /** Claims some work, unless it is somebody else's. @throws AppError REDIS_UNAVAILABLE */
  static async take(redis: RedisClient, key: string): Promise<Claim | undefined> {
    const claim = new Claim(redis, key);
    const taken = await callRedis(() => redis.set(key, claim.#text, 'PX', CLAIM_MS, 'NX'));
    if (taken === null) return undefined;
    const renew = () => void claim.#become(claim.#text).catch(() => undefined);
    claim.#timer = setInterval(renew, CLAIM_MS / 3).unref();
    return claim;
  }

  /** The number that the text of a claim tells; undefined if there is none yet. */
  static numberIn(text: string): number | undefined {
    const [number] = text.split(' ', 1);
    return number ? Number(number) : undefined;
  }

  /** Whether nobody else can have it: it was renewed in time, as far as this process knows. */
  get isHeld(): boolean {
    return !this.#isLost && performance.now() - this.#grantedAtMs < CLAIM_MS;
  }

  /** Asks Redis whether it is still held, and renews it: the clock of this process may have stood still. @throws AppError REDIS_UNAVAILABLE */
  async confirm(): Promise<boolean> {
    await this.#become(this.#text);
    return this.isHeld;
  }

  /** Tells others a number. @throws AppError REDIS_UNAVAILABLE */
  async tell(number: number): Promise<void> {
    await this.#become(`${number} ${this.#owner}`);
  }

  /** Sets a flag that tells that the work is done; returns false if the claim was lost. @throws AppError REDIS_UNAVAILABLE */
  async conclude(flag: string): Promise<boolean> {
    return (await callRedis(() => this.#redis.eval(CONCLUDE, 2, this.#key, flag, this.#text))) === 1;
  }

  /** Gives the claim back. @throws AppError REDIS_UNAVAILABLE */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await callRedis(() => this.#redis.eval(RELEASE, 1, this.#key, this.#text));
  }

  async #become(text: string): Promise<void> {
    const before = this.#text;
    this.#text = text;
    const askedAtMs = performance.now();
    const reply = await callRedis(() => this.#redis.eval(RENEW, 1, this.#key, before, text, CLAIM_MS));
    if (reply === 1) this.#grantedAtMs = askedAtMs;
    else this.#isLost = true;
  }
}
