import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
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
