import { availableParallelism, cpus, freemem, hostname, totalmem } from 'node:os';
import type { ExpectedArchitecture } from '@caissa/chess';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import {
  HEARTBEAT_INTERVAL_MS,
  type HeartbeatReport,
  removeHeartbeat,
  type SessionState,
  sendHeartbeat,
} from '@caissa/registry';
import { GpuMemory } from '@caissa/session';
import type { Logger } from '@caissa/shared/process';
import type { Replica } from './replica.js';

const gpuMemory = new GpuMemory();

/** What a loader reports beyond its active model. */
interface ServingReport {
  readonly positionsServed: number;
  /** Times that the process of a model beside the active one ended unasked. */
  readonly sessionRestarts: number;
  readonly sessions: readonly SessionState[];
}

/** How others reach this loader, what it demands, and what it serves. */
export interface HeartbeatExtras {
  readonly expected?: ExpectedArchitecture;
  /** Where the Open Inference Protocol is answered, without a trailing slash. */
  readonly url?: string;
  report?(): ServingReport;
}

/** What a {@link HeartbeatSender} works with. */
export interface SenderContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly logger: Logger;
}

/** Reports a loader every second, and whenever it is asked to. */
export class HeartbeatSender {
  readonly #context: SenderContext;
  readonly #id: string;
  readonly #replica: Replica;
  readonly #extras: HeartbeatExtras;
  readonly #startedAtMs = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #onTime = () => void this.beat();

  /** @param id unique among all loaders */
  constructor(context: SenderContext, id: string, replica: Replica, extras: HeartbeatExtras = {}) {
    this.#context = context;
    this.#id = id;
    this.#replica = replica;
    this.#extras = extras;
    this.#timer = setInterval(this.#onTime, HEARTBEAT_INTERVAL_MS);
    // A Redis that was away has forgotten who lives.
    context.redis.on('ready', this.#onTime);
    void this.beat();
  }

  /** Reports now. While Redis is away nobody could hear it; the next report tells. */
  async beat(): Promise<void> {
    const { redis, keys, logger } = this.#context;
    const heartbeat = { ...describe(this.#id, this.#replica, this.#extras), started_at_ms: this.#startedAtMs };
    await sendHeartbeat(redis, keys, heartbeat).catch((error: unknown) =>
      logger.debug({ err: error }, 'no heartbeat this time'),
    );
  }

  /** Stops reporting and takes the loader off the list. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#context.redis.off('ready', this.#onTime);
    await removeHeartbeat(this.#context.redis, this.#context.keys, this.#id);
  }
}

function describe(id: string, replica: Replica, { expected, url, report }: HeartbeatExtras): HeartbeatReport {
  const { session, ...status } = replica.status;
  const serving = report?.() ?? { positionsServed: 0, sessionRestarts: 0, sessions: [] };
  const gpu = session?.info.device === 'cuda' ? gpuMemory.reading : undefined;
  return {
    id,
    host: hostname(),
    pid: process.pid,
    ...status,
    device_type: session?.info.device ?? 'cpu',
    device_name: session?.info.deviceName ?? 'CPU',
    execution_providers: session?.info.executionProviders ?? ['cpu'],
    cpu: { model: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
    memory: { total_bytes: totalmem(), free_bytes: freemem() },
    ...(gpu && { gpu: { memory_allocated: gpu.usedBytes, memory_total: gpu.totalBytes } }),
    ...(expected && { expected }),
    url: url ?? null,
    positions_served: serving.positionsServed,
    session_restarts: replica.sessionRestarts + serving.sessionRestarts,
    sessions: [...serving.sessions],
  };
}
