import type { Logger } from '@caissa/shared/process';
import { Cluster } from 'ioredis';
import { callRedis, type RedisClient } from './connect.js';

/**
 * Warns when a server would remove keys, which are jobs and what is active, rather than refuse to write when its memory is
 * full. @throws AppError REDIS_UNAVAILABLE
 */
export async function warnOfEviction(redis: RedisClient, logger: Logger): Promise<void> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
  const answers = await callRedis(() => Promise.all(servers.map((server) => server.info('memory'))));
  const policies = new Set(answers.flatMap((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? []));
  policies.delete('noeviction');
  if (policies.size === 0) return;
  logger.warn(
    { maxmemory_policy: [...policies].join() },
    'Redis removes keys when its memory is full, so jobs can be lost: set maxmemory-policy to noeviction',
  );
}
