import { AppError } from '@caissa/shared/errors';
import { startPatientTimer } from '@caissa/shared/process';
import type { ChainableCommander } from 'ioredis';
import { Cluster, Redis } from 'ioredis';
import { ZodError } from 'zod';
import { PRODUCER, producerClusterOptions, redisOptions, WORKER, workerClusterOptions } from './connection-options.js';
import { ConnectionTrouble, diagnose, diagnoseConnection, diagnoseReply, isVague } from './diagnose.js';
import { CLUSTER_DOWN, type Diagnosis, SILENT_WITH_TLS } from './diagnosis-rules.js';
import { type RedisTarget, redisTarget } from './redis-target.js';

/** A connection to one server, to the master that Sentinels name, or to a Redis Cluster. */
export type RedisClient = Redis | Cluster;

/** Time after which a command of a producer counts as lost, and its server as silent. */
const COMMAND_TIMEOUT_MS = 400;

/** How long an exact reason counts more than a vague one; longer than a client pauses between attempts to connect. */
const EXACT_MS = 10_000;

/**
 * A connection for code that answers somebody: fails at once while Redis is away instead of queueing commands.
 * Connecting is started, not awaited; use {@link waitUntilReady} where the first command must succeed.
 * @throws ConfigurationError if the address is none
 */
export function connectProducer(target: RedisTarget | string): RedisClient {
  const { address, tls } = toTarget(target);
  if (address.kind === 'cluster') {
    return listen(new ProducerCluster([...address.nodes], producerClusterOptions(address, tls)));
  }
  const options = redisOptions(address, tls, PRODUCER);
  return listen(address.kind === 'single' ? new ProducerRedis(address.url, options) : new ProducerRedis(options));
}

/**
 * A connection for code that waits: commands are kept until Redis is back, and a frozen server is left after 15 s.
 * @throws ConfigurationError if the address is none
 */
export function connectWorker(target: RedisTarget | string): RedisClient {
  const { address, tls } = toTarget(target);
  if (address.kind === 'cluster') {
    return listen(settling(new Cluster([...address.nodes], workerClusterOptions(address, tls))));
  }
  const options = redisOptions(address, tls, WORKER);
  return listen(address.kind === 'single' ? new Redis(address.url, options) : new Redis(options));
}

type Command = Parameters<Redis['sendCommand']>[0];

/**
 * Gives up commands in time, of a server that has become silent at once: a request has many commands and little time.
 * The option of ioredis for it counts replies as lost that this process had no time to read.
 */
class Patience {
  /** Why the connection cannot be used, if that is known. */
  #trouble: Diagnosis | undefined;
  #exactAtMs = Number.NEGATIVE_INFINITY;
  readonly #redis: RedisClient;
  /** Whether a command was given up and nothing was heard since. */
  #isOver = false;

  /** @param tls whether the connections of the client are of TLS */
  constructor(redis: RedisClient, tls: boolean) {
    this.#redis = redis;
    if (tls) this.#trouble = SILENT_WITH_TLS;
    redis.on('error', (error) => this.#note(diagnoseConnection(error, tls)));
    redis.on('ready', () => {
      this.#trouble = undefined;
    });
    // Of a cluster that does not work the client says nothing more.
    if (redis instanceof Cluster) {
      redis.on('close', () => {
        this.#trouble ??= CLUSTER_DOWN;
      });
    }
  }

  send(command: Command, send: () => unknown): unknown {
    if (this.#isOver) {
      command.reject(new Error('The server is silent'));
      return command.promise;
    }
    const { resolve, reject } = command;
    const cancel = startPatientTimer(COMMAND_TIMEOUT_MS, () => {
      this.#isOver = true;
      reject(new Error('Command timed out'));
    });
    // Also of a command that was given up: its late reply, or the end of its connection, is a sign.
    const heard = () => {
      this.#isOver = false;
      cancel();
    };
    command.resolve = (reply) => {
      heard();
      if (this.#redis.status === 'ready') this.#trouble = undefined;
      resolve(reply);
    };
    command.reject = (error) => {
      heard();
      reject(this.#explain(error));
    };
    return send();
  }

  /** What is vague may be a consequence of what was seen a moment ago. */
  #note(trouble: Diagnosis): void {
    const nowMs = performance.now();
    if (isVague(trouble) && this.#trouble !== undefined && nowMs - this.#exactAtMs < EXACT_MS) return;
    this.#trouble = trouble;
    if (!isVague(trouble)) this.#exactAtMs = nowMs;
  }

  /** A command that was not sent does not know why, unless the last reply told; what Redis replies to it, it does. */
  #explain(error: Error): Error {
    if (error.name !== 'ReplyError') return this.#trouble ? new ConnectionTrouble(this.#trouble, error) : error;
    const told = diagnoseReply(error);
    if (told) this.#note(told);
    return error;
  }
}

class ProducerRedis extends Redis {
  readonly #patience = new Patience(this, this.options.tls !== undefined);

  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    return this.#patience.send(command, () => super.sendCommand(command, stream));
  }
}

class ProducerCluster extends Cluster {
  readonly #patience = new Patience(this, this.options.redisOptions?.tls !== undefined);

  override sendCommand(...[command, stream, node]: Parameters<Cluster['sendCommand']>): unknown {
    const send = () => super.sendCommand(command, stream, node);
    // With these the client itself asks, while it connects, whether the cluster works.
    return command.name === 'cluster' ? send() : this.#patience.send(command, send);
  }

  /** Pipelines would wait here for the first connection. */
  override delayUntilReady(callback: Parameters<Cluster['delayUntilReady']>[0]): void {
    setImmediate(() => callback(new Error('Connection is closed.')));
  }
}

/**
 * Makes what BullMQ awaits of a cluster settle. The promise of `connect` stays open when the cluster turns out not to work
 * yet, as during a failover: the client tries again by itself, but a worker that awaits it would take no job any more.
 */
function settling(cluster: Cluster): Cluster {
  const connect = cluster.connect.bind(cluster);
  const duplicate = cluster.duplicate.bind(cluster);
  return Object.assign(cluster, {
    connect: () =>
      new Promise<void>((resolve, reject) => {
        const onClose = () => reject(new Error('Connection is closed.'));
        cluster.once('close', onClose);
        connect()
          .then(resolve, reject)
          .finally(() => cluster.off('close', onClose));
      }),
    // BullMQ blocks on duplicates.
    duplicate: (...parts: Parameters<typeof duplicate>) => listen(settling(duplicate(...parts))),
  });
}

function toTarget(target: RedisTarget | string): RedisTarget {
  return typeof target === 'string' ? redisTarget(target) : target;
}

function listen<T extends RedisClient>(redis: T): T {
  // Without a listener ioredis prints every failed attempt; callers learn of trouble from their commands.
  redis.on('error', (error) => {
    // The client would go on with database 0, which may be somebody else's.
    if (isRefusedSelect(error)) redis.disconnect(true);
  });
  return redis;
}

function isRefusedSelect(error: Error): boolean {
  if (!('command' in error)) return false;
  const { command } = error;
  return typeof command === 'object' && command !== null && 'name' in command && command.name === 'select';
}

/** Waits until a connection can take commands. @throws AppError REDIS_UNAVAILABLE after `timeoutMs` */
export async function waitUntilReady(redis: RedisClient, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off('ready', onReady);
      reject(redisUnavailable());
    }, timeoutMs);
    redis.once('ready', onReady);
  });
}

/** The error of a request that needs Redis while it is away; a cause says why it is. */
export function redisUnavailable(cause?: unknown): AppError {
  const { message } = diagnose(cause);
  return new AppError(
    'REDIS_UNAVAILABLE',
    `${message} A request with an Idempotency-Key starts its work only once, however often it is sent.`,
    { retryAfterSeconds: 2, cause },
  );
}

/** Errors that say something of a value or of our code, and nothing of the connection. */
const OUR_ERRORS = [AppError, TypeError, RangeError, ReferenceError, SyntaxError, ZodError];

/** Whether a failed command means that Redis did not, or could not, do what it was asked. */
function isUnavailable(error: unknown): boolean {
  if (OUR_ERRORS.some((kind) => error instanceof kind)) return false;
  // BullMQ's scripts refuse a job that is gone or in another state with a negative code.
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return false;
  return !(error instanceof Error) || error.name !== 'ReplyError' || diagnoseReply(error) !== undefined;
}

/**
 * Runs commands of a producer connection and gives their failures a code. Any other error reply of Redis, a refusal of
 * BullMQ, or a mistake in our own code, passes through; whatever else goes wrong means that Redis did not answer.
 * @throws AppError REDIS_UNAVAILABLE
 */
export async function callRedis<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    throw isUnavailable(error) ? redisUnavailable(error) : error;
  }
}

/** Runs a transaction and throws the first error of its commands, which `exec` alone only reports. */
export async function runTransaction(transaction: ChainableCommander): Promise<unknown[]> {
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
