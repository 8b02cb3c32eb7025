import { request, type ServerResponse } from 'node:http';
import { INTERNAL_TOKEN_HEADER } from '@caissa/redis';
import { removeHeartbeat } from '@caissa/registry';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type FakeReplica, startFakeReplica } from '../../test-support/fake-replica.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const VIEWER = 'viewer-key-0123456789';
const OPERATOR = 'operator-key-0123456789';
const INFER = '/v2/models/active/infer';

let proxy: RedisProxy;
let api: TestApi;
let replicas: FakeReplica[];

beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  api = await startTestApi(proxy.url);
  replicas = [];
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.die()));
  await api.close();
  await proxy.stop();
});

/** Starts replicas and waits until the API has seen them. */
async function start(count: number): Promise<FakeReplica[]> {
  for (let index = 0; index < count; index++) replicas.push(await startFakeReplica(api.context.jobs));
  await api.context.replicas.refresh();
  return replicas;
}

const send = (path: string, init: RequestInit = {}) => fetch(`${api.url}${path}`, init);
const infer = (body: string | Buffer<ArrayBuffer> = 'body', headers: Record<string, string> = {}) =>
  send(INFER, { method: 'POST', body, headers });

describe('a request of the protocol', () => {
  it('goes to the replicas in turn', async () => {
    const [one, two, three] = await start(3);
    const answered: string[] = [];
    for (let round = 0; round < 6; round++) answered.push(await (await infer()).text());
    expect(answered.slice(0, 3).sort()).toEqual([one?.id, two?.id, three?.id].sort());
    expect(answered.slice(3)).toEqual(answered.slice(0, 3));
  });

  it('is passed on with its headers and bytes, and so is the answer', async () => {
    const [replica] = await start(1);
    if (!replica) return;
    const answer = Buffer.from([0, 255, 1, 254]);
    replica.answer = (_asked, response) => {
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': 2,
        'content-length': answer.length,
        connection: 'close',
      });
      response.end(answer);
    };
    const body = Buffer.from([1, 0, 2, 0, 255]);
    const response = await send(`${INFER}?a=b`, {
      method: 'POST',
      body,
      headers: { 'inference-header-content-length': '3', 'x-api-key': 'secret', cookie: 'a=b', 'x-other': 'no' },
    });
    expect(response.headers.get('inference-header-content-length')).toBe('2');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(answer);
    const [asked] = replica.asked;
    expect(asked).toMatchObject({ method: 'POST', path: `${INFER}?a=b`, body });
    expect(asked?.headers).toMatchObject({ 'inference-header-content-length': '3' });
    expect(asked?.headers[INTERNAL_TOKEN_HEADER]).toMatch(/^[\w-]{40,}$/);
    for (const name of ['x-api-key', 'cookie', 'x-other']) expect(asked?.headers[name]).toBeUndefined();
  });

  it('may be large, and its answer may be larger than is held', async () => {
    const [replica] = await start(1);
    if (!replica) return;
    const large = Buffer.alloc(9 << 20, 'x');
    replica.answer = ({ body }, response) => void response.end(Buffer.concat([large, body.subarray(0, 1)]));
    const answer = await (await infer(Buffer.alloc(20 << 20, 'y'))).arrayBuffer();
    expect(answer.byteLength).toBe(large.length + 1);
    expect(replica.asked[0]?.body.length).toBe(20 << 20);
  });

  it('of more than 64 MiB is refused in the shape of the protocol', async () => {
    await start(1);
    const sent = new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = request(`${api.url}${INFER}`, { method: 'POST', headers: { 'content-length': 65 << 20 } });
      outgoing.on('response', async (response) => {
        let body = '';
        for await (const part of response) body += part;
        resolve({ status: response.statusCode ?? 0, body });
        outgoing.destroy();
      });
      outgoing.on('error', reject);
      outgoing.write('begin');
    });
    const { status, body } = await sent;
    expect(status).toBe(413);
    expect(JSON.parse(body)).toEqual({ error: expect.stringContaining('bytes at most') });
  });

  it('is asked with HEAD as with GET, and answered without a body', async () => {
    const path = '/v2/models/active';
    const refused = await send(path, { method: 'HEAD' });
    expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([503, '1', '']);
    const [one] = await start(2);
    await one?.die();
    for (let round = 0; round < 3; round++) {
      const { status, headers } = await send(path, { method: 'HEAD' });
      expect([status, headers.get('content-length')]).toEqual([200, '36']);
    }
    expect(replicas[1]?.asked.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD']);
  });

  it('is answered 503 with Retry-After when there is no replica', async () => {
    const response = await infer();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({ error: expect.stringContaining('No loader') });
    expect(await (await send('/v2/health/live')).json()).toEqual({ live: true });
    expect((await send('/v2/health/ready')).status).not.toBe(200);
  });
});

describe('a replica that cannot answer', () => {
  it('is passed over when it is dead, also on connections that were in use', async () => {
    const [one, two] = await start(2);
    for (let round = 0; round < 4; round++) expect((await infer()).status).toBe(200);
    await one?.die();
    for (let round = 0; round < 6; round++) expect(await (await infer()).text()).toBe(two?.id);
    const metrics = await (await send('/metrics')).text();
    expect(metrics).toMatch(/caissa_forward_retries_total\{reason="connection"\} [12]\n/);
    expect(metrics).toContain('caissa_forwarded_requests_total{status="200"} 10');
  });

  it.each([{ 'content-length': 100 }, {}])(
    'is passed over when it dies in the middle of its answer, %j',
    async (headers) => {
      const [one, two] = await start(2);
      if (!one) return;
      one.answer = (_asked, response) => {
        response.writeHead(200, headers).write('half of');
        setTimeout(() => response.destroy(), 20);
      };
      for (let round = 0; round < 3; round++) expect(await (await infer()).text()).toBe(two?.id);
    },
  );

  it('is given up when it is frozen, as several may be, and not when it is only busy', async () => {
    const [busy, ...frozen] = await start(4);
    if (!busy) return;
    for (const replica of frozen) replica.answer = () => {};
    let asked = 0;
    busy.answer = ({ path }, response) => {
      const takesMs = path !== INFER ? 4_000 : asked++ === 0 ? 6_000 : 0;
      setTimeout(() => response.setHeader('Content-Length', busy.id.length).end(busy.id), takesMs);
    };
    const begun = performance.now();
    const answers = await Promise.all([infer(), infer(), infer(), infer()]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(Array(4).fill(busy.id));
    expect(performance.now() - begun).toBeLessThan(10_000);
    // One for each question: the one that took long was not asked again, of nobody.
    expect(busy.asked.filter(({ path }) => path === INFER)).toHaveLength(4);
    expect(frozen.map((replica) => replica.asked.filter(({ path }) => path === INFER).length)).toEqual([1, 1, 1]);
  });

  it('is passed over when it says 503, and that is the answer when all say it', async () => {
    const [one, two] = await start(2);
    if (!one || !two) return;
    one.answer = (_asked, response) => void response.writeHead(503, { 'retry-after': '7' }).end('{"error":"full"}');
    for (let round = 0; round < 3; round++) expect(await (await infer()).text()).toBe(two.id);
    two.answer = one.answer;
    const response = await infer();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await response.json()).toEqual({ error: 'full' });
  });

  it('is passed over when it fails, and a refusal that is for now is told rather than one for good', async () => {
    const [one, two] = await start(2);
    if (!one || !two) return;
    one.answer = (_asked, response) => void response.writeHead(500).end('{}');
    for (let round = 0; round < 3; round++) expect(await (await infer()).text()).toBe(two.id);
    one.answer = (_asked, response) => void response.writeHead(404).end('{"error":"unknown"}');
    two.answer = (_asked, response) => void response.writeHead(503).end('{"error":"full"}');
    for (let round = 0; round < 2; round++) {
      expect((await send('/v2/models/other/infer', { method: 'POST', body: 'x' })).status).toBe(503);
    }
  });

  it('draws no requests by failing fast, and gets some again when it has recovered', async () => {
    const [one, two] = await start(2);
    if (!one || !two) return;
    const works = one.answer;
    one.answer = (_asked, response) => void response.writeHead(503).end('{}');
    for (let round = 0; round < 10; round++) expect(await (await infer()).text()).toBe(two.id);
    expect(one.asked.length).toBeLessThan(5);
    one.answer = works;
    await expect.poll(async () => (await infer()).text(), { interval: 20 }).toBe(one.id);
  });

  it('gets none while it has more to do than another', async () => {
    await start(2);
    const [busy, idle] = api.context.replicas.inTurn().map(({ id }) => replicas.find((one) => one.id === id));
    if (!busy || !idle) return;
    const held: ServerResponse[] = [];
    busy.answer = ({ path }, response) => void (path === INFER ? held.push(response) : response.end());
    const waiting = infer();
    await expect.poll(() => held.length).toBe(1);
    for (let round = 0; round < 5; round++) expect(await (await infer()).text()).toBe(idle.id);
    expect(held).toHaveLength(1);
    held[0]?.end(busy.id);
    expect(await (await waiting).text()).toBe(busy.id);
  });

  it('is asked once only when it refuses for good', async () => {
    const [one, two] = await start(2);
    if (!one || !two) return;
    for (const replica of [one, two]) replica.answer = (_asked, response) => void response.writeHead(400).end('{}');
    expect((await infer()).status).toBe(400);
    expect(one.asked.length + two.asked.length).toBe(1);
  });

  it('does not hide another that holds a model of that name', async () => {
    const [one, two] = await start(2);
    if (!one) return;
    one.answer = (_asked, response) => void response.writeHead(404).end('{"error":"unknown"}');
    for (let round = 0; round < 3; round++) {
      const response = await send('/v2/models/other/infer', { method: 'POST', body: 'x' });
      expect(await response.text()).toBe(two?.id);
    }
  });

  it('is not asked while another serves and it does not', async () => {
    const [one, two] = await start(2);
    await one?.beat({ state: 'opening', model_name: null });
    await api.context.replicas.refresh();
    for (let round = 0; round < 4; round++) expect(await (await infer()).text()).toBe(two?.id);
  });
});

describe('the list of replicas', () => {
  it('survives the loss of Redis', async () => {
    await start(1);
    await proxy.stop();
    await expect.poll(() => api.context.jobs.redis.status).not.toBe('ready');
    for (let round = 0; round < 3; round++) expect((await infer()).status).toBe(200);
    await api.context.replicas.refresh();
    expect((await infer()).status).toBe(200);
    await proxy.start();
    await expect.poll(() => api.context.jobs.redis.status).toBe('ready');
  });

  it('survives a Redis that was emptied, and forgets a replica that left', async () => {
    const [one] = await start(1);
    const { redis, keys } = api.context.jobs;
    await removeHeartbeat(redis, keys, one?.id ?? '');
    await api.context.replicas.refresh();
    expect((await infer()).status).toBe(200);
    await one?.die();
    expect((await infer()).status).toBe(503);
    await api.context.replicas.refresh();
    expect(api.context.replicas.all).toEqual([]);
  });
});

describe('loading and unloading', () => {
  const load = (headers: Record<string, string> = {}) =>
    send('/v2/repository/models/model_v2/load', { method: 'POST', headers });

  it('reaches every replica', async () => {
    const all = await start(3);
    expect((await load()).status).toBe(200);
    expect(all.map(({ asked }) => asked.map(({ path }) => path))).toEqual(
      all.map(() => ['/v2/repository/models/model_v2/load']),
    );
  });

  it('says what is wrong and on how many when one refuses', async () => {
    const [one] = await start(3);
    if (!one) return;
    one.answer = (_asked, response) => void response.writeHead(404).end('{"error":"There is no model_v2."}');
    const response = await load();
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'There is no model_v2. (on 1 of 3 loaders)' });
  });

  it('is no success when a replica cannot be reached', async () => {
    const [one] = await start(2);
    await one?.die();
    expect((await load()).status).toBe(503);
  });

  it('is a success without one that is gone and no longer reports itself', async () => {
    const [one] = await start(2);
    if (!one) return;
    const { redis, keys } = api.context.jobs;
    await one.die();
    await removeHeartbeat(redis, keys, one.id);
    expect((await load()).status).toBe(200);
  });

  it('does not become a job', async () => {
    await start(1);
    const response = await load({ prefer: 'respond-async, wait=5' });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({ error: expect.stringContaining('/api/model/load') });
  });
});

describe('with access keys', () => {
  beforeEach(async () => {
    await api.close();
    api = await startTestApi(proxy.url, {
      API_KEYS: [`viewer:vera:${VIEWER}`, `operator:otto:${OPERATOR}`],
      RATE_LIMIT_PER_MINUTE: 1,
    });
    await start(1);
  });

  it.each([
    ['POST', INFER, 200],
    ['POST', '/v2/repository/index', 200],
    ['POST', `${INFER}/`, 200],
    ['GET', '/v2/models/active/config', 200],
    ['POST', '/v2/repository/models/model_v2/load', 403],
    ['POST', '/v2/repository/models/model_v2/unload', 403],
    ['POST', '/v2/models/active/trace/setting', 403],
  ])('%s %s of a viewer is answered %i', async (method, path, status) => {
    expect((await send(path, { method })).status).toBe(401);
    const response = await send(path, { method, headers: { 'x-api-key': VIEWER } });
    expect(response.status).toBe(status);
    if (status === 403) expect(await response.json()).toEqual({ error: expect.stringContaining('operator') });
    expect((await send(path, { method, headers: { 'x-api-key': OPERATOR } })).status).not.toBe(403);
  });

  it('inference has no limit by the minute, and health needs no key', async () => {
    for (let round = 0; round < 5; round++) expect((await infer('x', { 'x-api-key': VIEWER })).status).toBe(200);
    expect((await send('/v2/health/ready')).status).toBe(200);
  });
});
