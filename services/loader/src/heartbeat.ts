import { availableParallelism, cpus, freemem, hostname, totalmem } from 'node:os';
import { HEARTBEAT_INTERVAL_MS, type Heartbeat, type Logger, removeHeartbeat, sendHeartbeat } from '@caissa/shared';
import type { LoaderContext } from './context.js';
import type { Replica } from './replica.js';

/** Reports a loader every second, and whenever it is asked to. */
export class HeartbeatSender {
  readonly #context: Pick<LoaderContext, 'redis' | 'keys'> & { readonly logger: Logger };
  readonly #id: string;
  readonly #replica: Replica;
  readonly #timer: NodeJS.Timeout;

  /** @param id unique among all loaders */
  constructor(context: LoaderContext, id: string, replica: Replica) {
    this.#context = context;
    this.#id = id;
    this.#replica = replica;
    this.#timer = setInterval(() => void this.beat(), HEARTBEAT_INTERVAL_MS);
  }

  /** Reports now. While Redis is away nobody could hear it; the next report tells. */
  async beat(): Promise<void> {
    const { redis, keys, logger } = this.#context;
    await sendHeartbeat(redis, keys, describe(this.#id, this.#replica)).catch((error: unknown) =>
      logger.debug({ err: error }, 'no heartbeat this time'),
    );
  }

  /** Stops reporting and takes the loader off the list. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await removeHeartbeat(this.#context.redis, this.#context.keys, this.#id);
  }
}

function describe(id: string, replica: Replica): Heartbeat {
  const { session, ...status } = replica.status;
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
  };
}
