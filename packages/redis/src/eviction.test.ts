import { Writable } from 'node:stream';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { warnOfEviction } from './eviction.js';

const redis = new Redis(inject('redisUrl'));
afterEach(() => redis.disconnect());

test('only a server that would remove keys is warned of', async () => {
  const lines: string[] = [];
  const logger = pino(new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }));
  await warnOfEviction(redis, logger);
  expect(lines).toEqual([]);
  const info = await redis.info('memory');
  expect(info).toContain('maxmemory_policy:noeviction');
  // The server is shared, so its policy stays as it is.
  vi.spyOn(redis, 'info').mockResolvedValue(info.replace(':noeviction', ':allkeys-lru'));
  await warnOfEviction(redis, logger);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, maxmemory_policy: 'allkeys-lru' });
});
