import { Redis, type RedisOptions } from 'ioredis';
import { ZodError } from 'zod';
import { AppError } from '../errors/app-error.js';
import { startPatientTimer } from '../patient-timer.js';

/** Longest pause between two attempts to reach Redis again. */
const RECONNECT_LIMIT_MS = 2_000;

/** Time after which a command of a producer counts as lost; two of them fit into the second that a request may take. */
const COMMAND_TIMEOUT_MS = 400;

/**
 * Never `lazyConnect`: BullMQ awaits the first attempt of a lazy connection, and a worker or watcher that was started
 * while Redis was away would stay dead for ever.
 */
const CONNECTION: RedisOptions = {
  connectTimeout: 5_000,
  retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_LIMIT_MS),
};

/**
 * A connection for code that answers somebody: fails at once while Redis is away instead of queueing commands.
 * Connecting is started, not awaited; use {@link waitUntilReady} where the first command must succeed.
 */
export function connectProducer(url: string): Redis {
  return listen(
    new ProducerRedis(url, {
      ...CONNECTION,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      replyMapping: 'legacy',
    }),
  );
}

/** A connection for code that waits: commands are kept until Redis is back, and a frozen server is left after 15 s. */
export function connectWorker(url: string): Redis {
  return listen(
    new Redis(url, { ...CONNECTION, maxRetriesPerRequest: null, socketTimeout: 15_000, replyMapping: 'legacy' }),
  );
}

/** Gives up commands in time. The option of ioredis for it counts replies as lost that this process had no time to read. */
class ProducerRedis extends Redis {
  override sendCommand(...[command, stream]: Parameters<Redis['sendCommand']>): unknown {
    const answer = super.sendCommand(command, stream);
    const cancel = startPatientTimer(COMMAND_TIMEOUT_MS, () => command.reject(new Error('Command timed out')));
    command.promise.then(cancel, cancel);
    return answer;
  }
}

function listen(redis: Redis): Redis {
  // Without a listener ioredis prints every failed attempt; callers learn of trouble from their commands.
  redis.on('error', () => undefined);
  return redis;
}

/** Waits until a connection can take commands. @throws AppError REDIS_UNAVAILABLE after `timeoutMs` */
export async function waitUntilReady(redis: Redis, timeoutMs: number): Promise<void> {
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

/** The error of a request that needs Redis while it is away. */
export function redisUnavailable(cause?: unknown): AppError {
  return new AppError(
    'REDIS_UNAVAILABLE',
    'The job queue cannot be reached. Nothing was lost; try again in a moment.',
    {
      retryAfterSeconds: 2,
      cause,
    },
  );
}

/** Errors that say something of a value or of our code, and nothing of the connection. */
const OUR_ERRORS = [AppError, TypeError, RangeError, ReferenceError, SyntaxError, ZodError];

/** Error replies by which Redis says that it cannot serve now: it starts, fails over, or has no memory or disk left. */
const UNABLE = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|OOM|MISCONF)\b/;

/** Whether a failed command means that Redis did not, or could not, do what it was asked. */
function isUnavailable(error: unknown): boolean {
  if (OUR_ERRORS.some((kind) => error instanceof kind)) return false;
  // BullMQ's scripts refuse a job that is gone or in another state with a negative code.
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return false;
  if (!(error instanceof Error) || error.name !== 'ReplyError') return true;
  // A refused transaction tells the reason in the errors of its commands.
  const reasons = 'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : [error];
  return reasons.some((reason) => reason instanceof Error && UNABLE.test(reason.message));
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
