import { Conditions } from '@caissa/shared/process';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { watchEviction } from './eviction.js';

const redis = new Redis(inject('redisUrl'));
afterEach(() => redis.disconnect());

test('only a server that would remove keys is warned of, until it would not', async () => {
  const conditions = new Conditions(pino({ level: 'silent' }));
  await watchEviction(redis, conditions);
  expect(conditions.all).toEqual([]);
  const info = await redis.info('memory');
  expect(info).toContain('maxmemory_policy:noeviction');
  // The server is shared, so its policy stays as it is.
  const spy = vi.spyOn(redis, 'info').mockResolvedValue(info.replace(':noeviction', ':allkeys-lru'));
  await watchEviction(redis, conditions);
  expect(conditions.all).toMatchObject([{ code: 'REDIS_EVICTS', message: /allkeys-lru.*noeviction/ }]);
  spy.mockRestore();
  await watchEviction(redis, conditions);
  expect(conditions.all).toEqual([]);
});
