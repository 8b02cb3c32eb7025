import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { checkHead, toOriginForm } from './request-head.js';

function request(url: string, headers: IncomingMessage['headers'] = { host: 'proxy' }, httpVersion = '1.1') {
  return Object.assign(new IncomingMessage(new Socket()), { url, headers, httpVersion });
}

it.each([
  ['/api/jobs?limit=1', '/api/jobs?limit=1', 'proxy'],
  ['http://chess:8001/api/jobs?limit=1', '/api/jobs?limit=1', 'chess:8001'],
  ['HTTPS://chess/api#part', '/api', 'chess'],
  ['http://chess', '/', 'chess'],
  ['http://chess?a=b', '/?a=b', 'chess'],
  ['*', '*', 'proxy'],
  ['ftp://chess/x', 'ftp://chess/x', 'proxy'],
])('a request for %s is one for %s of %s', (target, path, host) => {
  const one = request(target);
  toOriginForm(one);
  expect([one.url, one.headers.host]).toEqual([path, host]);
});

it('refuses a head without a host, or that expects what is not done', () => {
  expect(() => checkHead(request('/', {}))).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  expect(() => checkHead(request('/', { host: 'x', expect: '200-ok' }))).toThrow(
    expect.objectContaining({ code: 'EXPECTATION_FAILED' }),
  );
  expect(() => checkHead(request('/', {}, '1.0'))).not.toThrow();
  expect(() => checkHead(request('/', { host: 'x', expect: '100-Continue' }))).not.toThrow();
});
