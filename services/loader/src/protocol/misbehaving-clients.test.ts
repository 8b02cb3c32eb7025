import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { binaryRequest, openProtocol, type ProtocolHarness, someBoards } from '../../test-support/protocol-harness.js';

let server: ProtocolHarness;
beforeEach(async () => {
  server = await openProtocol();
});
afterEach(() => server.close());

describe('a client that', () => {
  const { body, headers } = binaryRequest(someBoards(1));
  const path = '/v2/models/current/infer';

  test.each([
    ['speaks no HTTP', 'hello\r\n\r\n', '400'],
    ['names no host', 'GET /v2 HTTP/1.1\r\n\r\n', '400'],
    ['expects what is not done', 'GET /v2 HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n', '417'],
    ['sends half a head', 'GET /v2 HTTP/1.1\r\nHost: loc', '400'],
    [
      'sends less than it announced',
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"inputs"`,
      '400',
    ],
    [
      'sends a chunk that is none',
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
      '400',
    ],
    ['sends an endless head', `GET /v2 HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, '431'],
  ])('%s is told in the protocol’s way', async (_, text, status) => {
    const answer = await server.raw(text);
    expect(answer.split(' ')[1]).toBe(status);
    const [head = '', error = ''] = answer.split('\r\n\r\n');
    expect(JSON.parse(error)).toEqual({ error: expect.any(String) });
    expect(head).toContain(`Content-Length: ${error.length}`);
    expect((await server.get('/v2')).status).toBe(200);
  });

  test('announces more than is allowed is refused before it sends', async () => {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n`;
    const answer = await server.raw(head, false);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).not.toContain('100 Continue');
  });

  test('waits for leave to send gets it', async () => {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n`;
    const answer = await server.raw(`${head}{}`, false);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
  });

  test('names the server in its target is served', async () => {
    const head = 'HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect(await server.raw(`GET http://localhost/v2 ${head}`, false)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.raw(`GET http://elsewhere/v2 ${head}`, false)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('goes away while it is computed frees the place in the queue', async () => {
    server.engine.current.instead = () => new Promise(() => undefined);
    const controller = new AbortController();
    const asked = fetch(`${server.url}${path}`, { method: 'POST', body, headers, signal: controller.signal });
    await expect.poll(() => server.engine.current.signals.length).toBe(1);
    expect(server.engine.current.signals[0]?.aborted).toBe(false);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => server.engine.current.signals[0]?.aborted).toBe(true);
  });

  test('keeps its connection does not abort what comes by it', async () => {
    await (await server.post(path, body, headers)).arrayBuffer();
    await (await server.post(path, body, headers)).arrayBuffer();
    expect(server.engine.current.signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  test('goes away while it sends disturbs nobody', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nabc`);
    await delay(50);
    socket.resetAndDestroy();
    await delay(50);
    expect((await server.post(path, body, headers)).status).toBe(200);
    expect(server.engine.current.asked).toEqual([1]);
  });

  test('sends several requests at once gets the answers in their order', async () => {
    const one = (id: string) => `GET /v2/models/${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const last = 'GET /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    const answer = await server.raw(one('current') + one('other') + last, false);
    expect(answer.match(/"name":"(current|other|caissa)"/g)).toEqual([
      '"name":"current"',
      '"name":"other"',
      '"name":"caissa"',
    ]);
  });
});
