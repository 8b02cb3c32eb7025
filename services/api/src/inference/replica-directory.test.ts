import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import { type HeartbeatReport, sendHeartbeat } from '@caissa/registry';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { ReplicaDirectory } from './replica-directory.js';

/** Longer than a heartbeat is kept, and than a replica is kept that is not listed. */
const LONG_MS = 6_000;

let proxy: RedisProxy;
let redis: ReturnType<typeof connectProducer>;
let directory: ReplicaDirectory;
const keys = redisKeys(`t-${randomUUID()}`);

const heartbeat: HeartbeatReport = {
  id: 'loader-1',
  host: 'here',
  pid: 1,
  state: 'ready',
  model_name: 'model_v1',
  generation: 1,
  problem: null,
  device_type: 'cpu',
  device_name: 'CPU',
  execution_providers: [],
  cpu: { model: 'a processor', cores: 2 },
  memory: { total_bytes: 2, free_bytes: 1 },
  url: 'http://127.0.0.1:8002',
};

const ids = () => directory.inTurn().map(({ id }) => id);

beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  redis = connectProducer(proxy.url);
  await waitUntilReady(redis, 10_000);
  directory = new ReplicaDirectory(redis, keys, pino({ level: 'silent' }));
  await sendHeartbeat(redis, keys, heartbeat);
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
  await sendHeartbeat(redis, keys, heartbeat);
  await directory.refresh();
  expect(ids()).toEqual(['loader-1']);
});

it('a replica that reports itself no more is forgotten, and at once if it cannot be reached either', async () => {
  await eventually('it is forgotten', () => ids().length === 0);
  await sendHeartbeat(redis, keys, { ...heartbeat, id: 'loader-2' });
  await eventually('the second is known', () => ids().includes('loader-2'));
  await redis.del(keys.loaderHeartbeat('loader-2'));
  const [second] = directory.inTurn();
  if (second) directory.suspect(second);
  await directory.refresh();
  await directory.refresh();
  expect(ids()).toEqual([]);
});

it('a replica that was started again at its address takes the place of the one before, which still counts as alive', async () => {
  const next = { ...heartbeat, id: 'loader-1-again', state: 'opening' as const, model_name: null, started_at_ms: 2 };
  await sendHeartbeat(redis, keys, next);
  await sendHeartbeat(redis, keys, { ...heartbeat, id: 'elsewhere', host: 'there' });
  await directory.refresh();
  expect(directory.all.map(({ id }) => id).sort()).toEqual(['elsewhere', 'loader-1-again']);
  expect(ids()).toEqual(['elsewhere']);
});
