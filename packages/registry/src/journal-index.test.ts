import { randomUUID } from 'node:crypto';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import type { ActivationEntry } from '@caissa/shared/contracts';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import {
  findActivationEntry,
  indexActivations,
  JOURNAL_LIMIT,
  listActivations,
  readActivationEntry,
} from './journal-index.js';

let redis: RedisClient;
let keys: ReturnType<typeof redisKeys>;
beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  keys = redisKeys(`test-${randomUUID()}`);
});
afterAll(() => redis.disconnect());

const START = Date.parse('2025-10-07T03:00:00Z');
const entry = (n: number, change: Partial<ActivationEntry> = {}): ActivationEntry => ({
  job_id: `load-${n}`,
  kind: 'load',
  model_name: 'model_v1',
  requested_by: null,
  requested_at: new Date(START + n).toISOString(),
  started_at: new Date(START + n).toISOString(),
  finished_at: new Date(START + n + 5).toISOString(),
  duration_ms: 5,
  attempts: 1,
  from: null,
  to: { generation: n, model_name: 'model_v1', version: 1, source_sha256: 'a'.repeat(64) },
  checks: null,
  outcome: 'succeeded',
  ...change,
});

test('pages through the entries, newest first', async () => {
  const all = Array.from({ length: 5 }, (_, n) => entry(n + 1));
  await indexActivations(redis, keys, all);
  const first = await listActivations(redis, keys, 2);
  expect(first).toMatchObject({ total: 5, next: 'load-4' });
  expect(first.entries).toEqual([entry(5), entry(4)]);
  const second = await listActivations(redis, keys, 3, first.next);
  expect(second.entries.map((one) => one.job_id)).toEqual(['load-3', 'load-2', 'load-1']);
  expect(second.next).toBeUndefined();
  await expect(listActivations(redis, keys, 3, 'load-9')).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
});

test('keeps the end of an entry when its begin comes late, unless it has begun anew', async () => {
  const running = entry(1, { outcome: 'running', finished_at: null });
  await indexActivations(redis, keys, [running]);
  await indexActivations(redis, keys, [entry(1)]);
  await indexActivations(redis, keys, [running]);
  expect(await readActivationEntry(redis, keys, 'load-1')).toEqual(entry(1));
  await indexActivations(redis, keys, [running], true);
  expect(await readActivationEntry(redis, keys, 'load-1')).toEqual(running);
  expect(await readActivationEntry(redis, keys, 'load-2')).toBeUndefined();
});

test('finds the newest that matches, however far back, and is bounded', async () => {
  await indexActivations(
    redis,
    keys,
    Array.from({ length: JOURNAL_LIMIT + 50 }, (_, n) => entry(n + 1)),
  );
  expect(await redis.hlen(keys.activations)).toBe(JOURNAL_LIMIT);
  expect(await redis.zcard(keys.activationsByDate)).toBe(JOURNAL_LIMIT);
  expect(await findActivationEntry(redis, keys, ({ to }) => to?.generation === 51)).toEqual(entry(51));
  expect(await findActivationEntry(redis, keys, ({ to }) => to?.generation === 50)).toBeUndefined();
  expect(await findActivationEntry(redis, keys, () => true)).toEqual(entry(JOURNAL_LIMIT + 50));
});

test('shows the others when an entry cannot be understood', async () => {
  await indexActivations(redis, keys, [entry(1), entry(2)]);
  await redis.hset(keys.activations, 'load-2', '{}');
  expect((await listActivations(redis, keys, 10)).entries).toEqual([entry(1)]);
});

test('keeps a later attempt when an earlier one is told once more', async () => {
  const failed = entry(1, { outcome: 'failed', to: null });
  const succeeded = entry(1, { attempts: 2 });
  for (const one of [failed, succeeded, failed]) await indexActivations(redis, keys, [one]);
  expect(await readActivationEntry(redis, keys, 'load-1')).toEqual(succeeded);
});
