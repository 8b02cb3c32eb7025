import { Coalesced } from '@caissa/bytes';
import type { ExpectedArchitecture } from '@caissa/chess';
import { type RedisClient, type RedisKeys, readInternalToken } from '@caissa/redis';
import { type Heartbeat, readHeartbeats } from '@caissa/registry';
import type { Logger } from '@caissa/shared/process';

/** How often the list of replicas is read again. */
const REFRESH_INTERVAL_MS = 1_000;

/** A replica that could not be reached comes last for this long. */
const SUSPECT_MS = 2_000;

/**
 * A replica that failed comes last for this long: failing is quick, so that it would look like the one with the least to
 * do and draw every request.
 */
const FAULT_MS = 500;

/**
 * A replica that Redis does not list is kept this long, counted from when that was first seen: a Redis that was
 * emptied, or was down longer than a heartbeat lasts, learns of it with its next heartbeat.
 */
const MISSING_MS = 5_000;

/** A loader that takes requests. */
export interface Replica {
  readonly id: string;
  /** Address of its inference port, such as `http://10.0.0.7:8002`. */
  readonly url: string;
  /** Whether it serves the active model, or the one before. */
  readonly serving: boolean;
}

/** What is known of a replica. */
interface Entry {
  replica: Replica;
  /** When Redis was first seen not to list it; undefined while it does. */
  missingSinceMs: number | undefined;
  doubtUntilMs: number;
  /** Requests that it was sent and has not answered yet. */
  underWay: number;
  /** Which of all requests was the last that it was sent. */
  lastRequest: number;
}

/**
 * The replicas according to their heartbeats, read from Redis in the background: no request waits for Redis, and while
 * it is down the last list counts.
 */
export class ReplicaDirectory {
  readonly #redis: RedisClient;
  readonly #keys: RedisKeys;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #entries = new Map<string, Entry>();
  readonly #reading = new Coalesced(() => this.#read());
  #token: string | undefined;
  #expected: ExpectedArchitecture = { channels: 'any', blocks: 'any' };
  #requests = 0;

  /** Begins to read. `redis` fails fast while Redis is down. */
  constructor(redis: RedisClient, keys: RedisKeys, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_INTERVAL_MS);
    redis.once('ready', () => void this.refresh());
    void this.refresh();
  }

  /** The token by which replicas know the API; undefined until Redis was reached once. */
  get token(): string | undefined {
    return this.#token;
  }

  /**
   * What loaders demand of a network before they make it active: those that serve one, or else any, or else the last
   * there were. The same object until that changes.
   */
  get expected(): ExpectedArchitecture {
    return this.#expected;
  }

  /** All replicas that are alive. */
  get all(): Replica[] {
    return [...this.#entries.values()].map(({ replica }) => replica);
  }

  /**
   * The replicas to ask, in this order: those that serve a model come first and those in doubt last among them; then
   * whoever has the fewest requests under way; then whoever was not asked for longest.
   * @param isSilent whether an address is in doubt because it does not respond
   */
  inTurn(isSilent: (url: string) => boolean = () => false): Replica[] {
    const nowMs = performance.now();
    const ranked = [...this.#entries.values()].map((entry) => ({
      entry,
      rank: (entry.replica.serving ? 0 : 2) + (entry.doubtUntilMs > nowMs || isSilent(entry.replica.url) ? 1 : 0),
    }));
    ranked.sort(
      (one, other) =>
        one.rank - other.rank ||
        one.entry.underWay - other.entry.underWay ||
        one.entry.lastRequest - other.entry.lastRequest,
    );
    return ranked.map(({ entry }) => entry.replica);
  }

  /** Whether a replica is still counted as alive. */
  has({ id }: Replica): boolean {
    return this.#entries.has(id);
  }

  /** Counts a request as under way at a replica until what this returns is called. */
  occupy({ id }: Replica): () => void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return () => {};
    entry.underWay++;
    entry.lastRequest = ++this.#requests;
    return () => void entry.underWay--;
  }

  /** Notes that a replica answered that it cannot do what others may. */
  failed({ id }: Replica): void {
    this.#doubt(id, FAULT_MS);
  }

  /** Notes that a replica could not be reached, and reads the list at once. */
  suspect({ id }: Replica): void {
    this.#doubt(id, SUSPECT_MS);
    void this.refresh();
  }

  /** Reads the list, starting no earlier than this call; never rejects. */
  refresh(): Promise<void> {
    return this.#reading.get();
  }

  /** Stops reading. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      this.#token = await readInternalToken(this.#redis, this.#keys);
      const heartbeats = await readHeartbeats(this.#redis, this.#keys);
      this.#update(heartbeats);
      this.#expect(heartbeats);
    } catch (error) {
      this.#logger.debug({ err: error }, 'the list of replicas could not be read');
    }
  }

  #expect(heartbeats: readonly Heartbeat[]): void {
    const telling = heartbeats.filter(({ expected }) => expected !== undefined);
    const { expected } = telling.find(({ model_name }) => model_name !== null) ?? telling[0] ?? {};
    if (expected && !isSameDemand(expected, this.#expected)) this.#expected = expected;
  }

  #update(heartbeats: readonly Heartbeat[]): void {
    const nowMs = performance.now();
    const listed = new Set<string>();
    const addresses = new Set<string>();
    for (const { id, url, model_name } of heartbeats) {
      if (url === null) continue;
      listed.add(id);
      addresses.add(url);
      const replica = { id, url, serving: model_name !== null };
      const entry = this.#entries.get(id) ?? { replica, doubtUntilMs: 0, underWay: 0, lastRequest: 0 };
      this.#entries.set(id, Object.assign(entry, { replica, missingSinceMs: undefined }));
    }
    for (const [id, entry] of this.#entries) {
      if (listed.has(id)) continue;
      entry.missingSinceMs ??= nowMs;
      const isReplaced = addresses.has(entry.replica.url);
      const isGone = isReplaced || entry.doubtUntilMs > nowMs || nowMs - entry.missingSinceMs > MISSING_MS;
      if (isGone) this.#entries.delete(id);
    }
  }

  #doubt(id: string, forMs: number): void {
    const entry = this.#entries.get(id);
    if (entry) entry.doubtUntilMs = Math.max(entry.doubtUntilMs, performance.now() + forMs);
  }
}

function isSameDemand(one: ExpectedArchitecture, other: ExpectedArchitecture): boolean {
  return one.channels === other.channels && one.blocks === other.blocks;
}
