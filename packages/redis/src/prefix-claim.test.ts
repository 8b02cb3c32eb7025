import { randomUUID } from 'node:crypto';
import { Lifecycle } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connectProducer, waitUntilReady } from './connect.js';
import { redisKeys } from './keys.js';
import { claimPrefix } from './prefix-claim.js';

const silent = pino({ level: 'silent' });
const cleanups: (() => unknown)[] = [];
let keys: ReturnType<typeof redisKeys>;

beforeEach(() => {
  keys = redisKeys(`t-${randomUUID()}`);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const A = { id: 'id-a', place: '/srv/a/models' };
const B = { id: 'id-b', place: '/srv/b/models' };

/** Starts a process with a store. Returns what stops it. */
async function start(store: typeof A | undefined, { released = '', url = inject('redisUrl') } = {}) {
  const redis = connectProducer(url);
  const lifecycle = new Lifecycle();
  lifecycle.onStop('redis', () => redis.disconnect());
  const stop = () => lifecycle.stop(silent);
  cleanups.push(stop);
  if (url === inject('redisUrl')) await waitUntilReady(redis, 20_000);
  await claimPrefix({ redis, keys, logger: silent, identify: async () => store, released }, lifecycle);
  return { redis, stop };
}

test('all processes of one store may use a prefix, also when the store has moved', async () => {
  const { redis } = await start(A);
  await start(A);
  await start({ ...A, place: '/mnt/a/models' });
  expect(JSON.parse((await redis.get(keys.store)) ?? '')).toEqual({ id: 'id-a', place: '/mnt/a/models' });
});

test('another store is refused, with the names of both and the cure, also when the first system is stopped', async () => {
  const first = await start(A);
  const refused = start(B);
  await expect(refused).rejects.toThrow(ConfigurationError);
  for (const part of ['/srv/a/models', '/srv/b/models', 'REDIS_PREFIX', 'RELEASE_STORE=id-a npm start']) {
    await expect(refused).rejects.toThrow(part);
  }
  await first.stop();
  await expect(start(B)).rejects.toThrow(ConfigurationError);
});

test('a store that was made anew at its place is refused too, until the old one is released', async () => {
  const anew = { ...A, id: 'id-new' };
  const old = await start(A);
  await old.stop();
  await expect(start(anew)).rejects.toThrow('RELEASE_STORE=id-a npm start');
  await expect(start(anew, { released: 'id-b' })).rejects.toThrow(ConfigurationError);
  await start(anew, { released: A.id });
  await start(anew);
  await expect(start(A)).rejects.toThrow('RELEASE_STORE=id-new');
});

test('a store that cannot be told from others claims nothing', async () => {
  await start(A);
  await start(undefined);
});

test('while Redis is away nothing is waited for, and the claim is made when it is back', async () => {
  const proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  await proxy.stop();
  const beginMs = performance.now();
  await start(A, { url: proxy.url });
  expect(performance.now() - beginMs).toBeLessThan(900);
  await proxy.start();
  cleanups.unshift(() => proxy.stop());
  const { redis } = await start(undefined);
  await expect.poll(() => redis.exists(keys.store), { timeout: 10_000 }).toBe(1);
});
