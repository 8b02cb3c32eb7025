import { randomUUID } from 'node:crypto';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import { eventually } from '@caissa/testing/eventually';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { ZodError } from 'zod';
import {
  type ActivePointer,
  activate,
  deactivate,
  NEVER_ACTIVE,
  readActivation,
  readPointer,
  restorePointer,
} from './active-model.js';
import {
  countReplicas,
  type Heartbeat,
  hasReached,
  readHeartbeats,
  removeHeartbeat,
  sendHeartbeat,
} from './heartbeat.js';
import { takeTurn } from './turns.js';

let redis: RedisClient;
let keys: ReturnType<typeof redisKeys>;

beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  keys = redisKeys(`test-${randomUUID()}`);
});
afterAll(() => redis.disconnect());

const pointer = (job: number): ActivePointer => ({
  model_name: `model_v${job}`,
  version: job,
  source_sha256: 'a'.repeat(64),
  metadata: { job },
  load_date: '2025-10-07T03:11:38Z',
  job_id: `load-${job}`,
});

describe('the active pointer', () => {
  test('is nothing before the first activation, then the last one', async () => {
    expect(await readActivation(redis, keys)).toBeUndefined();
    expect((await activate(redis, keys, pointer(1))).state.generation).toBe(1);
    expect((await activate(redis, keys, pointer(2))).state.generation).toBe(2);
    expect(await readActivation(redis, keys)).toEqual({ generation: 2, pointer: pointer(2) });
  });

  test('moves once for one job, and tells the followers once', async () => {
    const heard: string[] = [];
    const follower = connectWorker(inject('redisUrl'));
    await follower.subscribe(keys.activeChannel);
    follower.on('message', (_, generation) => heard.push(generation));
    expect((await activate(redis, keys, pointer(1))).state.generation).toBe(1);
    const again = await activate(redis, keys, { ...pointer(1), load_date: 'later' });
    expect(again.state).toMatchObject({ generation: 1, pointer: { load_date: pointer(1).load_date } });
    expect((await activate(redis, keys, pointer(2))).state.generation).toBe(2);
    await eventually('both generations', () => heard.length >= 2);
    expect(heard).toEqual(['1', '2']);
    expect((await readActivation(redis, keys))?.pointer.load_date).toBe(pointer(2).load_date);
    follower.disconnect();
  });

  test('gives every one of many at once its own generation', async () => {
    const moves = await Promise.all(Array.from({ length: 20 }, (_, n) => activate(redis, keys, pointer(n + 1))));
    const generations = moves.map(({ state }) => state.generation);
    expect([...generations].sort((left, right) => left - right)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    const last = generations.indexOf(20) + 1;
    expect(await readActivation(redis, keys)).toEqual({ generation: 20, pointer: pointer(last) });
  });

  test('refuses a pointer that breaks its contract before anything moves', async () => {
    await expect(activate(redis, keys, { ...pointer(1), source_sha256: 'x' })).rejects.toThrow(ZodError);
    expect(await readActivation(redis, keys)).toBeUndefined();
  });
});

describe('the order of activations', () => {
  test('refuses what was requested before the one that moved the pointer last, also when it comes again', async () => {
    const first = await activate(redis, keys, pointer(1), { sequence: 10 });
    expect(first.from).toEqual({ generation: 0, pointer: null });
    const second = await activate(redis, keys, pointer(2), { sequence: 20 });
    expect(second.from).toEqual({ generation: 1, pointer: pointer(1) });
    for (const late of [10, 15, 20]) {
      const again = activate(redis, keys, pointer(1), { sequence: late });
      await expect(again).rejects.toMatchObject({ code: 'SUPERSEDED', retryable: false });
    }
    expect(await readPointer(redis, keys)).toEqual(second.state);
    expect((await activate(redis, keys, pointer(2), { sequence: 20 })).from).toEqual(second.from);
    expect((await activate(redis, keys, pointer(3))).state.generation).toBe(3);
  });

  test('counts an unload as an activation that leaves nothing', async () => {
    await activate(redis, keys, pointer(1));
    const { state, from } = await deactivate(redis, keys, 'load-2');
    expect(state).toMatchObject({ generation: 2, pointer: null, job_id: 'load-2' });
    expect(from).toEqual({ generation: 1, pointer: pointer(1) });
    expect(await readPointer(redis, keys)).toEqual(state);
    expect(await readActivation(redis, keys)).toBeUndefined();
    expect((await deactivate(redis, keys, 'load-2')).state.generation).toBe(2);
  });
});

describe('after the loss of Redis', () => {
  test('the pointer is put back with its generation, and told to the followers', async () => {
    const { state } = await activate(redis, keys, pointer(1), { floor: 40 });
    expect(state.generation).toBe(41);
    await redis.del(keys.active);
    expect(await readPointer(redis, keys)).toEqual(NEVER_ACTIVE);
    const follower = connectWorker(inject('redisUrl'));
    const heard: string[] = [];
    await follower.subscribe(keys.activeChannel);
    follower.on('message', (_, generation) => heard.push(generation));
    expect(await restorePointer(redis, keys, state)).toBe(true);
    expect(await readPointer(redis, keys)).toEqual(state);
    await eventually('the news', () => heard.includes('41'));
    follower.disconnect();
  });

  test('never in place of the same generation or a later one, and requests are numbered on', async () => {
    const { state } = await activate(redis, keys, pointer(1));
    const later = await activate(redis, keys, pointer(2));
    expect(await restorePointer(redis, keys, state)).toBe(false);
    expect(await restorePointer(redis, keys, later.state)).toBe(false);
    expect(await readPointer(redis, keys)).toEqual(later.state);
    const future = { ...state, generation: 9, sequence: 9_000_000_000_000 };
    expect(await restorePointer(redis, keys, future)).toBe(true);
    expect((await takeTurn(redis, keys, 'x')).sequence).toBeGreaterThan(future.sequence);
    expect((await deactivate(redis, keys, 'load-9')).state.generation).toBe(10);
  });
});

describe('heartbeats', () => {
  const heartbeat = (id: string, change: Partial<Heartbeat> = {}): Heartbeat => ({
    id,
    host: 'h',
    pid: 1,
    state: 'ready',
    model_name: 'model_v1',
    generation: 3,
    problem: null,
    device_type: 'cpu',
    device_name: 'CPU',
    execution_providers: ['CPUExecutionProvider'],
    cpu: { model: 'x', cores: 2 },
    memory: { total_bytes: 1, free_bytes: 1 },
    url: 'http://h:8002',
    positions_served: 5,
    session_restarts: 1,
    sessions: [{ name: 'model_v1', version: '1', state: 'READY', active: true }],
    started_at_ms: 0,
    ...change,
  });

  test('are those of the loaders that live, by id, the newest of each', async () => {
    expect(await readHeartbeats(redis, keys)).toEqual([]);
    await sendHeartbeat(redis, keys, heartbeat('b'));
    await sendHeartbeat(redis, keys, heartbeat('a', { state: 'opening' }));
    await sendHeartbeat(redis, keys, heartbeat('a'));
    expect(await readHeartbeats(redis, keys)).toEqual([heartbeat('a'), heartbeat('b')]);
    await removeHeartbeat(redis, keys, 'a');
    expect(await readHeartbeats(redis, keys)).toEqual([heartbeat('b')]);
  });

  test('end by themselves within five seconds, and leave no name behind', async () => {
    await sendHeartbeat(redis, keys, heartbeat('a'));
    const leftMs = await redis.pttl(keys.loaderHeartbeat('a'));
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(5_000);
    await redis.pexpire(keys.loaderHeartbeat('a'), 1);
    await eventually('forgotten', async () => (await readHeartbeats(redis, keys)).length === 0);
    expect(await redis.smembers(keys.loaders)).toEqual([]);
  });

  test('of another version of the loader hide no other', async () => {
    await sendHeartbeat(redis, keys, heartbeat('a'));
    await sendHeartbeat(redis, keys, { ...heartbeat('b'), state: 'dancing' } as unknown as Heartbeat);
    expect((await readHeartbeats(redis, keys)).map((one) => one.id)).toEqual(['a']);
  });

  test('of loaders of before inference are understood', async () => {
    const { url, positions_served, session_restarts, sessions, started_at_ms, ...old } = heartbeat('a');
    await sendHeartbeat(redis, keys, old);
    const blank = { url: null, positions_served: 0, session_restarts: 0, sessions: [], started_at_ms: 0 };
    expect(await readHeartbeats(redis, keys)).toEqual([{ ...old, ...blank }]);
  });

  test('tell who has caught up', () => {
    expect(hasReached(heartbeat('a'), 3)).toBe(true);
    expect(hasReached(heartbeat('a', { generation: 4 }), 3)).toBe(true);
    expect(hasReached(heartbeat('a', { generation: 2 }), 3)).toBe(false);
    expect(hasReached(heartbeat('a', { model_name: null, state: 'opening' }), 3)).toBe(false);
    expect(hasReached(heartbeat('a', { model_name: null, state: 'idle' }), 3)).toBe(true);
  });

  test('count who serves a generation', () => {
    const all = [
      heartbeat('a'),
      heartbeat('b', { generation: 2 }),
      heartbeat('c', { model_name: null }),
      heartbeat('d', { state: 'opening' }),
    ];
    expect(countReplicas(all, 3)).toEqual({ ready: 2, total: 4 });
    expect(countReplicas([], 0)).toEqual({ ready: 0, total: 0 });
  });
});
