import { afterEach, describe, expect, test, vi } from 'vitest';
import { openProtocol, type ProtocolHarness } from '../../test-support/protocol-harness.js';

let server: ProtocolHarness | undefined;
afterEach(() => {
  vi.useRealTimers();
  return server?.close();
});

/** Status by which a request with these headers is answered. */
async function status(path: string, headers: Record<string, string> = {}): Promise<number> {
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const answer = await server?.raw(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, false);
  return Number(answer?.split(' ')[1]);
}

describe('on this machine alone', () => {
  test.each(['localhost', 'localhost:8002', '127.0.0.1:8002', '[::1]:8002'])(
    'a program that calls it %s is answered',
    async (host) => {
      server = await openProtocol();
      expect(await status('/v2', { Host: host })).toBe(200);
    },
  );

  test.each([
    { Host: 'evil.example' },
    { Host: '127.0.0.1.evil.example:8002' },
    { Host: '192.168.0.7:8002' },
    { Host: 'x y' },
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
  ])('a web page that sends %j is not', async (headers) => {
    server = await openProtocol();
    expect(await status('/v2', headers)).toBe(403);
    expect(await status('/v2/health/live', headers)).toBe(200);
  });
});

describe('where others can reach it', () => {
  test('only those who know the token are answered, except for health', async () => {
    server = await openProtocol({ host: '0.0.0.0' });
    expect(await status('/v2', { 'x-caissa-internal': 'secret', Host: 'loader-1:8002' })).toBe(200);
    for (const wrong of [undefined, '', 'Secret', 'secre', 'secret2']) {
      expect(await status('/v2', wrong === undefined ? {} : { 'x-caissa-internal': wrong })).toBe(401);
    }
    expect(await status('/v2/models/current/infer')).toBe(405);
    for (const path of ['/v2/health/live', '/v2/health/ready', '/v2/models/current/ready']) {
      expect(await status(path)).toBe(200);
    }
    const refusal = await server.post('/evaluate', '{}');
    expect(await refusal.json()).toMatchObject({ success: false, code: 'UNAUTHENTICATED', status: 401 });
  });

  test('everybody is answered if that was said', async () => {
    server = await openProtocol({ host: '0.0.0.0', allowAnonymous: true });
    expect(await status('/v2', { Host: 'anything', Origin: 'http://page.example' })).toBe(200);
  });

  test('a new token is learnt, and guesses do not make it be read each time', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    let token = 'first';
    let reads = 0;
    const readToken = async () => {
      reads++;
      return token;
    };
    server = await openProtocol({ host: '0.0.0.0', readToken });
    expect(await status('/v2', { 'x-caissa-internal': 'first' })).toBe(200);
    token = 'second';
    for (let guess = 0; guess < 20; guess++) expect(await status('/v2', { 'x-caissa-internal': `${guess}` })).toBe(401);
    expect(reads).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(await status('/v2', { 'x-caissa-internal': 'second' })).toBe(200);
    expect(reads).toBe(2);
    expect(await status('/v2', { 'x-caissa-internal': 'first' })).toBe(401);
  });

  test('a token that cannot be read lets nobody in, and the known one stays good', async () => {
    let fails = true;
    const readToken = async () => {
      if (fails) throw new Error('Redis is away');
      return 'secret';
    };
    server = await openProtocol({ host: '0.0.0.0', readToken });
    expect(await status('/v2', { 'x-caissa-internal': 'secret' })).toBeGreaterThanOrEqual(401);
    fails = false;
    await expect.poll(() => status('/v2', { 'x-caissa-internal': 'secret' })).toBe(200);
    fails = true;
    expect(await status('/v2', { 'x-caissa-internal': 'secret' })).toBe(200);
  });
});
