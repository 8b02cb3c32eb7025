import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOB_TYPES } from '@caissa/shared/contracts';
import { readSettings } from '@caissa/shared/settings';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMapData } from '../setup/manifests.js';
import { type RedisProcess, RedisServers } from '../setup/redis-servers.js';

let servers: RedisServers;
let redis: RedisProcess;
beforeAll(async () => {
  servers = await RedisServers.open();
  const lines = (configMapData('caissa-redis')['redis.conf'] ?? '').split('\n');
  const places = lines.filter((line) => line.startsWith('dir '));
  expect(places).toEqual(['dir /data']);
  redis = await servers.startFromFile(
    lines.filter((line) => !places.includes(line)),
    {},
  );
});
afterAll(() => servers?.stop());

it.each([
  ['appendonly', 'yes'],
  ['appendfsync', 'everysec'],
  ['save', ''],
  ['maxmemory', String(800 * 1024 ** 2)],
  ['maxmemory-policy', 'noeviction'],
])('the Redis of a small installation has %s %s', async (name, value) => {
  expect(await redis.ask('CONFIG', 'GET', name)).toEqual([name, value]);
});

/** What a finished job takes at most in bytes, with its place in the lists and its key. */
const JOB_BYTES = 3_500;

/** Models, exports, events and keys of jobs that are not kept any more, in bytes. */
const ALL_ELSE_BYTES = 150e6;

const compose = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');

it.each([
  ['Kubernetes', async () => Number(String(await redis.ask('CONFIG', 'GET', 'maxmemory')).split(',')[1])],
  ['Docker Compose', async () => Number(/REDIS_MAXMEMORY:-(\d+)gb/.exec(compose)?.[1]) * 1024 ** 3],
])('the Redis of %s has room for all finished jobs that are kept unless set otherwise', async (_, maxmemory) => {
  const { KEEP_JOBS: keptOfList } = readSettings({}, ['KEEP_JOBS']);
  const lists = JOB_TYPES.length * 2;
  expect(await maxmemory()).toBeGreaterThan(lists * keptOfList * JOB_BYTES + ALL_ELSE_BYTES);
});
