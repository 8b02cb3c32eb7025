import type { Express } from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  OPERATOR_KEY,
  openTestAccess,
  type TestAccess,
  VIEWER_KEY,
  WITH_KEYS,
} from '../../test-support/open-test-access.js';
import { WRONG_KEYS_PER_MINUTE } from './rate-limit.js';

/** What a browser sends that signed in to a proxy. */
const BASIC = 'Basic dXNlcjpwYXNz';

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

describe('with keys', () => {
  let access: TestAccess;
  beforeAll(async () => {
    access = await openTestAccess(inject('redisUrl'), { ...WITH_KEYS, CORS_ORIGINS: 'https://listed.example' });
  });
  afterAll(() => access.close());

  it('takes a key from either header', async () => {
    const vera = { name: 'vera', role: 'viewer' };
    expect((await request(access.app).get('/thing').set(bearer(VIEWER_KEY))).body).toEqual(vera);
    expect((await request(access.app).get('/thing').set('Authorization', `bearer  ${VIEWER_KEY}`)).body).toEqual(vera);
    expect((await request(access.app).get('/thing').set('X-API-Key', VIEWER_KEY)).body).toEqual(vera);
    expect((await request(access.app).post('/thing').set(bearer(OPERATOR_KEY))).body).toEqual({
      name: 'otto',
      role: 'operator',
    });
  });

  it('asks for a key when there is none', async () => {
    const response = await request(access.app).get('/thing').set('X-Request-Id', 'r-1');
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body).toMatchObject({ success: false, status: 401, code: 'UNAUTHENTICATED' });
  });

  it.each([
    ['a wrong key', bearer('wrong-key-0123456789')],
    ['a key with something behind it', bearer(`${VIEWER_KEY}x`)],
    ['an empty key', { Authorization: 'Bearer ' }],
    [
      'a right key of another scheme',
      { Authorization: `Basic ${Buffer.from(`x:${OPERATOR_KEY}`).toString('base64')}` },
    ],
    ['a wrong X-API-Key', { 'X-API-Key': 'wrong-key-0123456789' }],
    ['a wrong one in each', { ...bearer('wrong-key-0123456789'), 'X-API-Key': 'wrong-key-0123456788' }],
  ])('refuses %s', async (_, headers) => {
    const response = await request(access.app).get('/thing').set(headers);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(response.text).not.toMatch(/0123456789/);
  });

  it.each([
    ['X-API-Key beside the Basic of a proxy', { Authorization: BASIC, 'X-API-Key': VIEWER_KEY }],
    ['X-API-Key beside Negotiate', { Authorization: 'Negotiate YII=', 'X-API-Key': VIEWER_KEY }],
    ['X-API-Key beside the token of a proxy', { ...bearer('eyJhbGciOiJub25lIn0.e30.'), 'X-API-Key': VIEWER_KEY }],
    ['a bearer key beside the X-API-Key of a gateway', { ...bearer(VIEWER_KEY), 'X-API-Key': 'of-a-gateway' }],
  ])('takes %s', async (_, headers) => {
    expect((await request(access.app).get('/thing').set(headers)).body).toMatchObject({ name: 'vera' });
  });

  it('does not count what a proxy says as a wrong key', async () => {
    const statuses = new Set<number>();
    for (let count = 0; count <= WRONG_KEYS_PER_MINUTE; count++) {
      statuses.add((await request(access.app).get('/thing').set('Authorization', BASIC)).status);
    }
    expect([...statuses]).toEqual([401]);
  });

  it('does not let a viewer change anything', async () => {
    const response = await request(access.app).post('/thing').set(bearer(VIEWER_KEY));
    expect(response.status).toBe(403);
    expect(response.body).toMatchObject({ code: 'FORBIDDEN', detail: expect.stringContaining('operator') });
  });

  it('sends a browser to the sign-in page, a program not', async () => {
    const html = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const browser = await request(access.app).get('/page?a=1').set('Accept', html);
    expect(browser.status).toBe(303);
    expect(browser.headers['location']).toBe('/sign-in?next=%2Fpage%3Fa%3D1');
    expect((await request(access.app).get('/page').set('Accept', '*/*')).status).toBe(401);
    // A browser that opens a page sends no key of its own.
    const proxied = await request(access.app).get('/page').set('Accept', html).set(bearer('token-of-a-proxy'));
    expect([proxied.status, proxied.headers['location']]).toEqual([303, '/sign-in?next=%2Fpage']);
    expect((await request(access.app).get('/page').set(bearer('wrong-key-0123456789'))).status).toBe(401);
    expect((await request(access.app).get('/page').set('Accept', html).set(bearer(VIEWER_KEY))).text).toBe('page');
  });

  it('shows a sign-in page that escapes where it goes to', async () => {
    const page = await request(access.app).get('/sign-in').query({ next: '/a?"><script>alert(1)</script>' });
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('<script>alert');
    expect(page.text).toContain('data-next="/a?%22%3E%3Cscript%3Ealert(1)%3C/script%3E"');
    expect(page.headers['cache-control']).toBe('no-store');
    for (const [, file] of page.text.matchAll(/(?:href|src)="(\/pages\/[^"]+)"/g)) {
      expect((await request(access.app).get(String(file))).status).toBe(200);
    }
    expect((await request(access.app).get('/pages/..%2fpackage.json')).status).toBe(404);
    expect((await request(access.app).get('/pages/')).status).toBe(404);
  });

  it('keeps browsers to the strict side', async () => {
    const { headers } = await request(access.app).get('/sign-in');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['strict-transport-security']).toBeUndefined();
  });

  it('lets listed origins read answers and no others', async () => {
    const listed = await request(access.app)
      .get('/thing')
      .set(bearer(VIEWER_KEY))
      .set('Origin', 'https://listed.example');
    expect(listed.headers['access-control-allow-origin']).toBe('https://listed.example');
    for (const name of [
      'Location',
      'ETag',
      'Retry-After',
      'Preference-Applied',
      'Content-Disposition',
      'X-Request-Id',
      'RateLimit',
      'Inference-Header-Content-Length',
      'Allow',
    ]) {
      expect(String(listed.headers['access-control-expose-headers']).split(',')).toContain(name);
    }
    expect(listed.headers['access-control-allow-credentials']).toBeUndefined();
    const other = await request(access.app).get('/thing').set(bearer(VIEWER_KEY)).set('Origin', 'https://evil.example');
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await request(access.app)
      .options('/thing')
      .set('Origin', 'https://listed.example')
      .set('Access-Control-Request-Method', 'POST');
    expect(preflight.status).toBe(204);
    for (const name of ['Idempotency-Key', 'Inference-Header-Content-Length', 'Content-Encoding', 'If-None-Match']) {
      expect(String(preflight.headers['access-control-allow-headers']).split(',')).toContain(name);
    }
  });

  it('has browsers refuse what they ask for before they send it, unless the origin is listed', async () => {
    const ask = async (app: Express, Origin: string) => {
      const headers = {
        Origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      };
      return (await request(app).options('/thing').set(headers)).headers['access-control-allow-origin'];
    };
    expect(await ask(access.app, 'https://listed.example')).toBe('https://listed.example');
    const withoutList = await access.restart(WITH_KEYS);
    for (const app of [access.app, withoutList]) {
      for (const origin of ['https://evil.example', 'http://listed.example', 'null']) {
        expect(await ask(app, origin)).toBeUndefined();
      }
    }
  });

  it('lets listed origins make changes with a key and no others', async () => {
    const post = (origin: string) => request(access.app).post('/thing').set(bearer(OPERATOR_KEY)).set('Origin', origin);
    expect((await post('https://listed.example')).status).toBe(200);
    expect((await post('https://evil.example')).status).toBe(403);
    expect((await post('null')).status).toBe(403);
  });

  it('may be called by any name, for nothing is open', async () => {
    expect((await request(access.app).get('/thing').set(bearer(VIEWER_KEY)).set('Host', 'chess.example')).status).toBe(
      200,
    );
  });
});

describe('without keys on loopback', () => {
  let access: TestAccess;
  beforeAll(async () => {
    access = await openTestAccess(inject('redisUrl'));
  });
  afterAll(() => access.close());

  it('lets everybody on this machine do everything, whatever key they send', async () => {
    const anonymous = { name: 'anonymous', role: 'operator' };
    expect((await request(access.app).post('/thing')).body).toEqual(anonymous);
    expect((await request(access.app).post('/thing').set(bearer('some-key'))).body).toEqual(anonymous);
    expect((await request(access.app).get('/page').set('Accept', 'text/html')).text).toBe('page');
  });

  it.each(['localhost', 'localhost:8001', 'LOCALHOST', '127.0.0.1:8001', '[::1]:8001', '127.1.2.3'])(
    'answers to %s',
    async (host) => {
      expect((await request(access.app).get('/thing').set('Host', host)).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8001',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '192.168.1.5:8001',
    'localhost@evil.example',
  ])('does not answer to %s, which a foreign page may have pointed here', async (host) => {
    const response = await request(access.app).get('/thing').set('Host', host);
    expect(response.status).toBe(403);
    expect(response.body).toMatchObject({ code: 'FORBIDDEN', detail: expect.stringContaining('this machine only') });
  });

  it('takes no changes from foreign pages', async () => {
    const post = (headers: Record<string, string>) =>
      request(access.app).post('/thing').set('Host', 'localhost:8001').set(headers);
    expect((await post({ Origin: 'http://localhost:8001' })).status).toBe(200);
    expect((await post({ Origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ Origin: 'http://localhost:5173' })).status).toBe(403);
    const json = { 'Content-Type': 'application/json' };
    expect((await post({ ...json, Origin: 'http://127.0.0.1:8080' })).status).toBe(200);
    // A name that a foreign page has made point to a proxy here, which replaces Host.
    const renamed = await post({ ...json, Origin: 'http://evil.example' });
    expect(renamed.body).toMatchObject({ status: 403, detail: expect.stringContaining('this machine only') });
    expect((await post({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    const reading = await request(access.app).get('/thing').set({ Host: 'localhost', Origin: 'https://evil.example' });
    expect(reading.status).toBe(200);
    expect(reading.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('says that no key is needed', async () => {
    const open = { success: true, authenticated: false, required: false, name: 'anonymous', role: 'operator' };
    expect((await request(access.app).get('/api/session')).body).toEqual(open);
    const signIn = await request(access.app).post('/api/session').send({ key: 'anything at all' });
    expect(signIn.body).toEqual(open);
    expect(signIn.headers['set-cookie']).toBeUndefined();
  });
});

it('answers to any name where ALLOW_ANONYMOUS says that everybody may do everything', async () => {
  const access = await openTestAccess(inject('redisUrl'), { HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'true' });
  try {
    expect((await request(access.app).post('/thing').set('Host', 'chess.example')).status).toBe(200);
    const foreign = await request(access.app)
      .post('/thing')
      .set({ Host: 'chess.example', Origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
  } finally {
    await access.close();
  }
});
