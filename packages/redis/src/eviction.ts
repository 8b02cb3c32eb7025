import type { Conditions } from '@caissa/shared/process';
import { Cluster } from 'ioredis';
import { callRedis, type RedisClient } from './connect.js';

/**
 * Raises a condition while a server would remove keys, which are jobs and what is active, rather than refuse to write when
 * its memory is full. @throws AppError REDIS_UNAVAILABLE
 */
export async function watchEviction(redis: RedisClient, conditions: Conditions): Promise<void> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const answers = await callRedis(() => Promise.all(servers.map((server) => server.info('memory'))));
  const policies = new Set(answers.flatMap((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? []));
  policies.delete('noeviction');
  if (policies.size === 0) return conditions.clear('REDIS_EVICTS');
  conditions.raise(
    'REDIS_EVICTS',
    `Redis removes keys when its memory is full (${[...policies].join()}), so jobs can be lost: set maxmemory-policy to noeviction.`,
  );
}
