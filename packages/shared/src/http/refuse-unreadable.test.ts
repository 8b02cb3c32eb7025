import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { type FailureFormat, PROBLEM_FORMAT, PROTOCOL_FORMAT } from './failure-format.js';
import { refuseUnreadable } from './refuse-unreadable.js';

/** What a connection receives when Node gives up its request. */
function answerTo(code: string, format: FailureFormat) {
  const server = createServer();
  refuseUnreadable(server, format);
  const socket = Object.assign(new PassThrough(), { destroySoon: () => undefined });
  server.emit('clientError', Object.assign(new Error('unreadable'), { code }), socket);
  const [head = '', body = ''] = String(socket.read() ?? '').split('\r\n\r\n');
  return { head: head.split('\r\n'), body };
}

it.each([
  ['HPE_INVALID_METHOD', '400 Bad Request', 'INVALID_REQUEST'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'REQUEST_TIMEOUT'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large', 'BODY_TOO_LARGE'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE'],
])('%s is answered %s', (code, status, problem) => {
  const { head, body } = answerTo(code, PROBLEM_FORMAT);
  expect(head).toEqual([
    `HTTP/1.1 ${status}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]);
  expect(JSON.parse(body)).toMatchObject({ success: false, status: Number(status.split(' ')[0]), code: problem });
});

it('keeps to the form of the server', () => {
  const { head, body } = answerTo('HPE_INVALID_METHOD', PROTOCOL_FORMAT);
  expect(head[1]).toBe('Content-Type: application/json');
  expect(JSON.parse(body)).toEqual({ error: expect.any(String) });
});

it('says nothing to a client that has gone', () => {
  expect(answerTo('ECONNRESET', PROBLEM_FORMAT)).toEqual({ head: [''], body: '' });
});

/** The first lines of all answers to what a connection sends at once. */
async function exchange(sent: string, listener: RequestListener): Promise<string[]> {
  const server = createServer(listener);
  refuseUnreadable(server, PROTOCOL_FORMAT);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(sent);
  const received = await text(socket);
  server.close();
  return received.match(/HTTP\/1.*/g)?.map((line) => line.trim()) ?? [];
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const GARBAGE = 'no request\r\n\r\n';

it('follows answers that were sent', async () => {
  const answers = await exchange(GET + GARBAGE, (_request, response) => void response.end('done'));
  expect(answers).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 400 Bad Request']);
});

it('is not taken for the answer of an earlier request', async () => {
  expect(await exchange(GET + GARBAGE, () => undefined)).toEqual([]);
});

it('does not stand in an answer that has begun, whatever waits behind that', async () => {
  let count = 0;
  const answers = await exchange(GET + GET + GARBAGE, (_request, response) => {
    if (count++ === 0) response.writeHead(200, { 'content-length': 9 }).write('half');
  });
  expect(answers).toEqual(['HTTP/1.1 200 OK']);
});

it('answers a body that is unreadable', async () => {
  const post = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n';
  expect(await exchange(post, () => undefined)).toEqual(['HTTP/1.1 400 Bad Request']);
});
