import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@caissa/shared/errors';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import {
  callRedis,
  connectProducer,
  connectWorker,
  type RedisClient,
  runTransaction,
  waitUntilReady,
} from './connect.js';

const NOBODY = 'redis://127.0.0.1:1';
const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function keep<T extends RedisClient>(redis: T): T {
  cleanups.push(() => redis.disconnect());
  return redis;
}

async function openProxy(): Promise<RedisProxy> {
  const proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  cleanups.push(() => proxy.stop());
  return proxy;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('expected a failure'),
    (error: unknown) => error,
  );
}

describe('a producer connection', () => {
  test('fails at once when nobody listens', async () => {
    const redis = keep(connectProducer(NOBODY));
    await eventually('the refusal', () => redis.status === 'reconnecting');
    await atBestWithin(100, async () => {
      const error = await failure(callRedis(() => redis.get('x')));
      expect(error).toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true, status: 503, retryAfterSeconds: 2 });
    });
  });

  test.each(['redis+cluster://127.0.0.1:1,127.0.0.1:2', 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/master'])(
    'fails at once when nobody of %s listens, in a transaction too',
    async (url) => {
      const redis = keep(connectProducer(url));
      const transaction = () => runTransaction(redis.multi().set('x', '1').get('x'));
      for (const commands of [() => redis.get('x'), transaction, () => redis.eval('return 1', 1, 'x')]) {
        await atBestWithin(100, async () => {
          expect(await failure(callRedis(commands as () => Promise<unknown>))).toMatchObject({
            code: 'REDIS_UNAVAILABLE',
          });
        });
      }
    },
  );

  test('fails within a second while Redis is frozen, and works when it goes on', async () => {
    const proxy = await openProxy();
    const redis = keep(connectProducer(proxy.url));
    await waitUntilReady(redis, 20_000);
    proxy.freeze();
    await atBestWithin(1_000, async () => {
      expect(await failure(callRedis(() => redis.get('x')))).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    });
    proxy.thaw();
    expect(await eventually('an answer', () => redis.ping().catch(() => undefined))).toBe('PONG');
  });

  test('gives up a row of commands as soon as the first, and sends them again when Redis goes on', async () => {
    const proxy = await openProxy();
    const redis = keep(connectProducer(proxy.url));
    await waitUntilReady(redis, 20_000);
    const row: (() => Promise<unknown>)[] = [
      () => redis.get('x'),
      () => runTransaction(redis.multi().get('x').get('y')),
      () => redis.eval('return 1', 1, 'x'),
      () => redis.get('x'),
    ];
    await atBestWithin(800, async () => {
      await eventually('Redis answers', () => redis.ping().catch(() => undefined));
      proxy.freeze();
      for (const command of row) expect(await failure(callRedis(command))).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
      proxy.thaw();
    });
    // The late reply of the first is heard, on the same connection.
    await eventually('Redis answers', () => redis.ping().catch(() => undefined));
    for (const command of row) await command();
  });

  test('takes a reply that came while this process was busy', async () => {
    const redis = keep(connectProducer(inject('redisUrl')));
    await waitUntilReady(redis, 20_000);
    const answer = redis.ping();
    const busyUntil = performance.now() + 500;
    while (performance.now() < busyUntil);
    expect(await answer).toBe('PONG');
  });

  test('recovers by itself when Redis comes back', async () => {
    const proxy = await openProxy();
    const redis = keep(connectProducer(proxy.url));
    await waitUntilReady(redis, 20_000);
    await proxy.stop();
    expect(await failure(callRedis(() => redis.get('x')))).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    await proxy.start();
    await eventually('an answer', () => redis.ping().catch(() => undefined));
  });
});

test('a worker connection keeps its commands until Redis is there', async () => {
  const proxy = await openProxy();
  await proxy.stop();
  const redis = keep(connectWorker(proxy.url));
  const answer = redis.get(randomUUID());
  await delay(200);
  await proxy.start();
  expect(await answer).toBeNull();
});

describe('waitUntilReady', () => {
  test('returns at once when ready, and when it becomes so', async () => {
    const redis = keep(connectProducer(inject('redisUrl')));
    await waitUntilReady(redis, 20_000);
    await waitUntilReady(redis, 0);
    expect(await redis.ping()).toBe('PONG');
  });

  test('gives up in time and leaves no listener behind', async () => {
    const redis = keep(connectProducer(NOBODY));
    const listeners = redis.listenerCount('ready');
    expect(await failure(waitUntilReady(redis, 100))).toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    expect(redis.listenerCount('ready')).toBe(listeners);
  });
});

describe('callRedis', () => {
  const replyError = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

  test.each([
    ['a command that nobody answered', new Error('Command timed out')],
    ['a closed connection', new Error('Connection is closed.')],
    ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['a server that is starting', replyError('LOADING Redis is loading the dataset in memory')],
    ['a replica', replyError("READONLY You can't write against a read only replica.")],
    ['a server out of memory', replyError("OOM command not allowed when used memory > 'maxmemory'.")],
    ['a server that cannot save', replyError('MISCONF Redis is configured to save RDB snapshots')],
    [
      'a transaction refused for lack of memory',
      Object.assign(replyError('EXECABORT Transaction discarded'), { previousErrors: [replyError('OOM no memory')] }),
    ],
  ])('%s means that Redis is away', async (_, cause) => {
    expect(await failure(callRedis(() => Promise.reject(cause)))).toMatchObject({ code: 'REDIS_UNAVAILABLE', cause });
  });

  test.each([
    ['an error of ours', new AppError('JOB_NOT_FOUND', 'x')],
    ['a bug', new TypeError('x is not a function')],
    ['corrupt JSON', new SyntaxError('Unexpected token')],
    ['a value of another shape', z.string().safeParse(1).error],
    ['a mistake in a command', replyError('WRONGTYPE Operation against a key holding the wrong kind of value')],
    ['a refusal of BullMQ', Object.assign(new Error('Job 1 is not in the failed state'), { code: -3 })],
  ])('%s passes through', async (_, error) => {
    expect(await failure(callRedis(() => Promise.reject(error)))).toBe(error);
  });

  test('a real error reply passes through', async () => {
    const redis = keep(new Redis(inject('redisUrl')));
    expect(await failure(callRedis(() => redis.call('NONSENSE')))).toMatchObject({ name: 'ReplyError' });
  });
});
