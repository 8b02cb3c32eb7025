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

interface Entry {
  readonly replica: Replica;
  /** When Redis was first seen not to list it; undefined while it does. */
  readonly missingSinceMs: number | undefined;
  readonly suspectUntilMs: number;
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
  #turn = 0;

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

  /** The replicas to ask, in this order: those that serve a model take turns in being first, those in doubt come last. */
  inTurn(): Replica[] {
    const entries = [...this.#entries.values()];
    const serving = entries.filter(({ replica }) => replica.serving);
    const usable = serving.length > 0 ? serving : entries;
    const first = this.#turn++ % Math.max(usable.length, 1);
    const rotated = [...usable.slice(first), ...usable.slice(0, first)];
    const nowMs = performance.now();
    const isDoubtful = (entry: Entry) => entry.suspectUntilMs > nowMs;
    return [...rotated.filter((entry) => !isDoubtful(entry)), ...rotated.filter(isDoubtful)].map(
      ({ replica }) => replica,
    );
  }

  /** Notes that a replica could not be reached, and reads the list at once. */
  suspect({ id }: Replica): void {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, suspectUntilMs: performance.now() + SUSPECT_MS });
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
      const suspectUntilMs = this.#entries.get(id)?.suspectUntilMs ?? 0;
      const replica = { id, url, serving: model_name !== null };
      this.#entries.set(id, { replica, missingSinceMs: undefined, suspectUntilMs });
    }
    for (const [id, entry] of this.#entries) {
      if (listed.has(id)) continue;
      const missingSinceMs = entry.missingSinceMs ?? nowMs;
      const isReplaced = addresses.has(entry.replica.url);
      const isGone = isReplaced || entry.suspectUntilMs > nowMs || nowMs - missingSinceMs > MISSING_MS;
      if (isGone) this.#entries.delete(id);
      else this.#entries.set(id, { ...entry, missingSinceMs });
    }
  }
}

function isSameDemand(one: ExpectedArchitecture, other: ExpectedArchitecture): boolean {
  return one.channels === other.channels && one.blocks === other.blocks;
}
