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
  ['maxmemory', String(400 * 1024 ** 2)],
  ['maxmemory-policy', 'noeviction'],
])('the Redis of a small installation has %s %s', async (name, value) => {
  expect(await redis.ask('CONFIG', 'GET', name)).toEqual([name, value]);
});
