import { type RedisServerOptions, startRedisServer } from './redis-server.js';

/** Where Redis may come from. */
export interface ProvideRedisOptions extends RedisServerOptions {
  /** A server that runs already; nothing is started then. */
  readonly redisUrl?: string;
}

/** A Redis server, ours or somebody's. */
export interface ProvidedRedis {
  readonly url: string;
  /** The process that was started; undefined if the server is not ours. */
  readonly pid?: number;
  /** Settles when the server that was started has ended; never for one that is not ours. */
  readonly exited: Promise<void>;
  /** Ends the server that was started; does nothing to one that is not ours. */
  stop(): Promise<void>;
}

/**
 * The Redis of `redisUrl`, else one of our own on the data folder.
 * @throws SetupError as {@link startRedisServer}
 */
export async function provideRedis(options: ProvideRedisOptions): Promise<ProvidedRedis> {
  const { redisUrl, ...serverOptions } = options;
  if (redisUrl !== undefined) {
    return { url: redisUrl, exited: new Promise(() => {}), stop: () => Promise.resolve() };
  }
  return startRedisServer(serverOptions);
}
