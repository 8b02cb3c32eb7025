import { atBestWithin } from '@caissa/testing/at-best-within';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  OPERATOR_KEY,
  openTestAccess,
  type TestAccess,
  VIEWER_KEY,
  WITH_KEYS,
} from '../../test-support/open-test-access.js';
import { SESSION_SECONDS } from './sessions.js';

let proxy: RedisProxy;
let access: TestAccess;
beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  access = await openTestAccess(proxy.url, WITH_KEYS);
});
afterEach(async () => {
  await access.close();
  await proxy.stop();
});

const SAME = { Host: 'localhost:8001', Origin: 'http://localhost:8001' };

async function signIn(key: string, headers: Record<string, string> = {}, app = access.app) {
  const response = await request(app).post('/api/session').set(headers).send({ key });
  const [header = ''] = (response.headers['set-cookie'] as unknown as string[] | undefined) ?? [];
  return { response, header, cookie: header.split(';')[0] ?? '' };
}

describe('a session', () => {
  it('is opened by a key and then stands for it', async () => {
    const { response, header, cookie } = await signIn(OPERATOR_KEY);
    expect(response.body).toEqual({
      success: true,
      authenticated: true,
      required: true,
      name: 'otto',
      role: 'operator',
    });
    expect(response.headers['cache-control']).toBe('no-store');
    expect(header).toMatch(
      /^caissa_session=[A-Za-z0-9_-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    expect((await request(access.app).get('/thing').set('Cookie', `a=b; ${cookie}; c=d`)).body).toEqual({
      name: 'otto',
      role: 'operator',
    });
    expect((await request(access.app).get('/api/session').set('Cookie', cookie)).body).toMatchObject({
      authenticated: true,
      name: 'otto',
    });
  });

  it('is for https only when it was opened by https', async () => {
    expect((await signIn(VIEWER_KEY, { Host: 'chess.example', Origin: 'https://chess.example' })).header).toContain(
      '; Secure',
    );
    const told = { 'X-Forwarded-Proto': 'https' };
    expect((await signIn(VIEWER_KEY, told)).header).not.toContain('; Secure');
    const app = await access.restart({ ...WITH_KEYS, TRUSTED_PROXIES: 'loopback' });
    const response = await request(app).post('/api/session').set(told).send({ key: VIEWER_KEY });
    expect(String(response.headers['set-cookie'])).toContain('; Secure');
  });

  it.each([
    'Basic dXNlcjpwYXNz',
    'Digest username="user"',
    'Negotiate YIIJ',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
    'Bearer',
    '',
  ])('counts beside what a proxy has put into Authorization: %s', async (authorization) => {
    const { cookie } = await signIn(OPERATOR_KEY, { Authorization: authorization });
    const headers = { Cookie: cookie, Authorization: authorization };
    expect((await request(access.app).get('/thing').set(headers)).body).toMatchObject({ name: 'otto' });
    const changed = await request(access.app)
      .post('/thing')
      .set({ ...headers, Origin: 'https://evil.example' });
    expect(changed.status).toBe(403);
  });

  it('makes changes where a proxy replaces Host, but none that a foreign page could have sent', async () => {
    const origin = { Origin: 'http://models.lan', Host: '127.0.0.1:8001' };
    const { response, cookie } = await signIn(OPERATOR_KEY, origin);
    expect(response.status).toBe(200);
    const change = (type: string, headers = {}) =>
      request(access.app)
        .post('/thing')
        .set({ ...origin, Cookie: cookie, 'Content-Type': type, ...headers });
    expect((await change('application/json')).status).toBe(200);
    const refused = await change('text/plain');
    expect(refused.status).toBe(403);
    for (const word of ['http://models.lan', '127.0.0.1:8001', 'CORS_ORIGINS']) {
      expect(refused.body.detail).toContain(word);
    }
    expect((await change('application/json', { 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
  });

  it('lies in Redis by digest, and ends by itself', async () => {
    const { cookie } = await signIn(VIEWER_KEY);
    const { redis, keys } = access.jobs;
    const names = await redis.keys(`${keys.prefix}:session:*`);
    expect(names).toHaveLength(1);
    const stored = `${names[0]} ${await redis.get(String(names[0]))}`;
    expect(stored).not.toContain(cookie.split('=')[1]);
    expect(stored).not.toContain(VIEWER_KEY);
    const ttl = await redis.ttl(String(names[0]));
    expect(ttl).toBeGreaterThan(SESSION_SECONDS - 10);
    expect(ttl).toBeLessThanOrEqual(SESSION_SECONDS);
    await redis.pexpire(String(names[0]), 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await request(access.app).get('/thing').set('Cookie', cookie)).status).toBe(401);
  });

  it('ends with its key, and follows the role of it', async () => {
    const { cookie } = await signIn(OPERATOR_KEY);
    const status = async (API_KEYS: string) => {
      const app = await access.restart({ API_KEYS });
      return (await request(app).get('/thing').set('Cookie', cookie)).body.role ?? 'none';
    };
    expect(await status(`operator:otto:${OPERATOR_KEY}`)).toBe('operator');
    expect(await status(`viewer:otto:${OPERATOR_KEY}`)).toBe('viewer');
    expect(await status('operator:otto:another-key-0123456789')).toBe('none');
    expect(await status(`operator:renamed:${OPERATOR_KEY}`)).toBe('none');
  });

  it('is ended by signing out, here and in Redis', async () => {
    const { cookie } = await signIn(VIEWER_KEY);
    const response = await request(access.app).delete('/api/session').set(SAME).set('Cookie', cookie);
    expect(response.body).toMatchObject({ success: true, authenticated: false });
    expect(String(response.headers['set-cookie'])).toMatch(/^caissa_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect((await request(access.app).get('/thing').set('Cookie', cookie)).status).toBe(401);
    expect((await request(access.app).delete('/api/session').set(SAME)).status).toBe(200);
  });

  it('replaces the one that the browser had', async () => {
    const first = await signIn(VIEWER_KEY);
    const second = await signIn(OPERATOR_KEY, { Cookie: first.cookie });
    expect((await request(access.app).get('/thing').set('Cookie', first.cookie)).status).toBe(401);
    expect((await request(access.app).get('/thing').set('Cookie', second.cookie)).status).toBe(200);
  });

  it.each(['', 'x', 'A'.repeat(43), `${'A'.repeat(42)}*`])('is not made up as %j', async (id) => {
    expect((await request(access.app).get('/thing').set('Cookie', `caissa_session=${id}`)).status).toBe(401);
  });

  it('makes changes from our own pages only', async () => {
    const { cookie } = await signIn(OPERATOR_KEY);
    const app = await access.restart({ ...WITH_KEYS, CORS_ORIGINS: 'http://localhost:5173' });
    const post = async (headers: Record<string, string>) =>
      (
        await request(app)
          .post('/thing')
          .set('Cookie', cookie)
          .set({ Host: 'localhost:8001', ...headers })
      ).status;
    expect(await post({ Origin: 'http://localhost:8001' })).toBe(200);
    expect(await post({ 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
    expect(await post({})).toBe(403);
    expect(await post({ Origin: 'http://localhost:8002' })).toBe(403);
    expect(await post({ 'Sec-Fetch-Site': 'none' })).toBe(403);
    // Listed pages may call with a key of their own, not with the visitor's session.
    expect(await post({ Origin: 'http://localhost:5173' })).toBe(403);
    expect(await post({ Origin: 'http://localhost:5173', Authorization: `Bearer ${OPERATOR_KEY}` })).toBe(200);
    const signOut = request(app).delete('/api/session').set({ Cookie: cookie, Host: 'localhost:8001' });
    expect((await signOut.set('Origin', 'http://localhost:5173')).status).toBe(403);
  });
});

describe('signing in', () => {
  it.each([
    ['a wrong key', { key: 'wrong-key-0123456789' }, 401],
    ['no key', {}, 400],
    ['a key that is no text', { key: 7 }, 400],
    ['something more', { key: VIEWER_KEY, role: 'operator' }, 400],
  ])('is refused with %s', async (_, body, status) => {
    const response = await request(access.app).post('/api/session').send(body);
    expect(response.status).toBe(status);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(response.text).not.toContain('0123456789');
  });

  it('is refused from a foreign page, and with a form', async () => {
    expect((await signIn(VIEWER_KEY, { Origin: 'https://evil.example' })).response.status).toBe(403);
    expect((await request(access.app).post('/api/session').type('form').send({ key: VIEWER_KEY })).status).toBe(415);
  });

  it('is not offered by other methods', async () => {
    const response = await request(access.app).put('/api/session');
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe('DELETE, GET, HEAD, POST');
  });

  it('says at once when Redis is away, while keys go on working', async () => {
    const { cookie } = await signIn(VIEWER_KEY);
    await proxy.stop();
    await expect.poll(() => access.jobs.redis.status).not.toBe('ready');
    await atBestWithin(1_000, async () => {
      expect((await signIn(VIEWER_KEY)).response.body).toMatchObject({ code: 'REDIS_UNAVAILABLE', status: 503 });
      const withSession = await request(access.app).get('/thing').set('Cookie', cookie);
      expect(withSession.status).toBe(503);
      expect(withSession.headers['retry-after']).toBe('2');
      expect((await request(access.app).get('/thing').set('X-API-Key', VIEWER_KEY)).status).toBe(200);
    });
    await proxy.start();
    await expect.poll(() => access.jobs.redis.status).toBe('ready');
    expect((await request(access.app).get('/thing').set('Cookie', cookie)).status).toBe(200);
  });
});
