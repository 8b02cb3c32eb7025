import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import { sendHeartbeat } from '@caissa/registry';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { HEARTBEAT } from '../../test-support/heartbeat.js';
import { ReplicaDirectory } from './replica-directory.js';

/** Longer than a heartbeat is kept, and than a replica is kept that is not listed. */
const LONG_MS = 6_000;

let proxy: RedisProxy;
let redis: ReturnType<typeof connectProducer>;
let directory: ReplicaDirectory;
const keys = redisKeys(`t-${randomUUID()}`);

const ids = () => directory.inTurn().map(({ id }) => id);

beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  redis = connectProducer(proxy.url);
  await waitUntilReady(redis, 10_000);
  directory = new ReplicaDirectory(redis, keys, pino({ level: 'silent' }));
  await sendHeartbeat(redis, keys, HEARTBEAT);
  await eventually('the replica is known', () => ids().length > 0);
});
afterEach(async () => {
  directory.close();
  redis.disconnect();
  await proxy.stop();
});

it('a replica is still asked when Redis comes back without its heartbeat, and until it reports itself again', async () => {
  await proxy.stop();
  await delay(LONG_MS);
  expect(ids()).toEqual(['loader-1']);
  await proxy.start();
  await waitUntilReady(redis, 10_000);
  // The heartbeat is no longer there, and the list was read.
  await directory.refresh();
  await directory.refresh();
  expect(ids()).toEqual(['loader-1']);
  await sendHeartbeat(redis, keys, HEARTBEAT);
  await directory.refresh();
  expect(ids()).toEqual(['loader-1']);
});

it('a replica that reports itself no more is forgotten, and at once if it cannot be reached either', async () => {
  await eventually('it is forgotten', () => ids().length === 0);
  await sendHeartbeat(redis, keys, { ...HEARTBEAT, id: 'loader-2' });
  await eventually('the second is known', () => ids().includes('loader-2'));
  await redis.del(keys.loaderHeartbeat('loader-2'));
  const [second] = directory.inTurn();
  if (second) directory.suspect(second);
  await directory.refresh();
  await directory.refresh();
  expect(ids()).toEqual([]);
});

it('a replica that was started again at its address takes the place of the one before, which still counts as alive', async () => {
  const next = { ...HEARTBEAT, id: 'loader-1-again', state: 'opening' as const, model_name: null, started_at_ms: 2 };
  await sendHeartbeat(redis, keys, next);
  await sendHeartbeat(redis, keys, { ...HEARTBEAT, id: 'elsewhere', host: 'there' });
  await directory.refresh();
  expect(directory.all.map(({ id }) => id).sort()).toEqual(['elsewhere', 'loader-1-again']);
  // The one that serves nothing comes last.
  expect(ids()).toEqual(['elsewhere', 'loader-1-again']);
});

it('what loaders demand of a network is that of those that serve one, then of any, then of the last there were', async () => {
  const demand = { channels: 128, blocks: 'any' } as const;
  const serving = { ...HEARTBEAT, id: 'b', url: 'http://127.0.0.1:8004' };
  expect(directory.expected).toEqual({ channels: 'any', blocks: 'any' });
  const opening = { ...HEARTBEAT, id: 'a', url: 'http://127.0.0.1:8003', model_name: null };
  await sendHeartbeat(redis, keys, { ...opening, expected: { channels: 64, blocks: 6 } });
  await directory.refresh();
  expect(directory.expected).toEqual({ channels: 64, blocks: 6 });
  await sendHeartbeat(redis, keys, { ...serving, expected: demand });
  await directory.refresh();
  const told = directory.expected;
  expect(told).toEqual(demand);
  await sendHeartbeat(redis, keys, { ...serving, expected: { ...demand } });
  await directory.refresh();
  expect(directory.expected).toBe(told);
  await redis.del(keys.loaderHeartbeat('a'), keys.loaderHeartbeat('b'));
  await directory.refresh();
  expect(directory.expected).toBe(told);
});
