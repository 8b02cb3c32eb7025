import { atBestWithin } from '@caissa/testing/at-best-within';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  OPERATOR_KEY,
  openTestAccess,
  type TestAccess,
  VIEWER_KEY,
  WITH_KEYS,
} from '../../test-support/open-test-access.js';
import { WRONG_KEYS_PER_MINUTE } from './rate-limit.js';

let proxy: RedisProxy;
let access: TestAccess;
beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  access = await openTestAccess(proxy.url, { ...WITH_KEYS, RATE_LIMIT_PER_MINUTE: '3' });
});
afterEach(async () => {
  vi.useRealTimers();
  await access.close();
  await proxy.stop();
});

const get = (key?: string, app = access.app) =>
  request(app)
    .get('/thing')
    .set(key === undefined ? {} : { 'X-API-Key': key });

async function statuses(count: number, ask: () => request.Test): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < count; at++) all.push((await ask()).status);
  return all;
}

/** Counting is never too slow: on a busy machine it may be, and requests pass uncounted then, as they should. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

describe('the limit of requests', () => {
  beforeEach(stopTheClock);

  it('counts each key on its own, and those without one by address', async () => {
    expect(await statuses(4, () => get(VIEWER_KEY))).toEqual([200, 200, 200, 429]);
    expect(await statuses(4, () => get(OPERATOR_KEY))).toEqual([200, 200, 200, 429]);
    expect(await statuses(4, () => get())).toEqual([401, 401, 401, 429]);
  });

  it('tells what is left and when to come back', async () => {
    const first = await get(VIEWER_KEY);
    expect(first.headers['ratelimit-policy']).toMatch(/^"requests"; q=3; w=60/);
    expect(first.headers['ratelimit']).toMatch(/^"requests"; r=2; t=\d+$/);
    await statuses(2, () => get(VIEWER_KEY));
    const refused = await get(VIEWER_KEY);
    expect(refused.body).toMatchObject({ success: false, code: 'RATE_LIMITED', status: 429 });
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('does not believe a client about its address', async () => {
    let address = 0;
    const forged = () => get().set('X-Forwarded-For', `10.0.0.${++address}`).set('Forwarded', `for=10.0.0.${address}`);
    expect(await statuses(4, forged)).toEqual([401, 401, 401, 429]);
  });

  it('counts the clients of a trusted proxy each on its own', async () => {
    const app = await access.restart({ ...WITH_KEYS, RATE_LIMIT_PER_MINUTE: '3', TRUSTED_PROXIES: 'loopback' });
    const from = (address: string) => () => request(app).get('/thing').set('X-Forwarded-For', `10.0.0.9, ${address}`);
    expect(await statuses(4, from('203.0.113.7'))).toEqual([401, 401, 401, 429]);
    expect(await statuses(1, from('203.0.113.8'))).toEqual([401]);
  });

  it('is kept in Redis, for all processes together, and ends with its minute', async () => {
    const other = await access.restart({ ...WITH_KEYS, RATE_LIMIT_PER_MINUTE: '3' });
    await statuses(2, () => get(VIEWER_KEY));
    expect((await get(VIEWER_KEY, other)).status).toBe(200);
    expect((await get(VIEWER_KEY, other)).status).toBe(429);
    const { redis, keys } = access.jobs;
    const name = `${keys.prefix}:rate:requests:key:vera`;
    expect(await redis.pttl(name)).toBeGreaterThan(50_000);
    await redis.del(name);
    expect((await get(VIEWER_KEY)).status).toBe(200);
  });

  it('can be switched off', async () => {
    const app = await access.restart({ ...WITH_KEYS, RATE_LIMIT_PER_MINUTE: '0' });
    expect(new Set(await statuses(10, () => get(VIEWER_KEY, app)))).toEqual(new Set([200]));
  });

  it('outlives a Redis that forgot its scripts', async () => {
    await get(VIEWER_KEY);
    await access.jobs.redis.call('SCRIPT', 'FLUSH');
    expect(await statuses(3, () => get(VIEWER_KEY))).toEqual([200, 200, 429]);
  });
});

describe('without Redis', () => {
  it('requests pass uncounted and at once, and are counted again afterwards', async () => {
    await proxy.stop();
    await expect.poll(() => access.jobs.redis.status).not.toBe('ready');
    await atBestWithin(500, async () => {
      expect(await statuses(10, () => get(VIEWER_KEY))).toEqual(Array(10).fill(200));
    });
    await proxy.start();
    await expect.poll(() => access.jobs.redis.status).toBe('ready');
    stopTheClock();
    expect(await statuses(4, () => get(VIEWER_KEY))).toEqual([200, 200, 200, 429]);
  });

  it('even a server that started meanwhile counts afterwards', async () => {
    await proxy.stop();
    await expect.poll(() => access.jobs.redis.status).not.toBe('ready');
    const app = await access.restart({ ...WITH_KEYS, RATE_LIMIT_PER_MINUTE: '3' });
    expect((await get(VIEWER_KEY, app)).status).toBe(200);
    await proxy.start();
    await expect.poll(() => access.jobs.redis.status).toBe('ready');
    stopTheClock();
    expect(await statuses(4, () => get(VIEWER_KEY, app))).toEqual([200, 200, 200, 429]);
  });

  it('a frozen one costs the first request a moment and the next ones nothing', async () => {
    await get(VIEWER_KEY);
    proxy.freeze();
    // The pause of a second, in which Redis is left alone, lasts until this clock is moved.
    vi.useFakeTimers({ toFake: ['performance'] });
    const call = vi.spyOn(access.jobs.redis, 'call');
    await atBestWithin(400, async () => {
      vi.advanceTimersByTime(1_000);
      call.mockClear();
      expect((await get(VIEWER_KEY)).status).toBe(200);
      expect(call).toHaveBeenCalledOnce();
    });
    expect(await statuses(4, () => get(VIEWER_KEY))).toEqual([200, 200, 200, 200]);
    expect(call).toHaveBeenCalledOnce();
  });
});

describe('wrong keys', () => {
  beforeEach(stopTheClock);

  it('are refused by address after a while, and do not lock out those with a right one', async () => {
    const app = await access.restart(WITH_KEYS);
    const wrong = () => get('wrong-key-0123456789', app);
    const all = await statuses(WRONG_KEYS_PER_MINUTE + 2, wrong);
    expect(all.slice(0, -2)).toEqual(Array(WRONG_KEYS_PER_MINUTE).fill(401));
    expect(all.slice(-2)).toEqual([429, 429]);
    const signIn = await request(app).post('/api/session').send({ key: 'wrong-key-0123456789' });
    expect(signIn.status).toBe(429);
    expect(signIn.body.detail).toContain('wrong access keys');
    expect((await get(VIEWER_KEY, app)).status).toBe(200);
    expect((await get(undefined, app)).status).toBe(401);
  });
});
