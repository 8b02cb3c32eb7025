import { describe, expect, it } from 'vitest';
import { pageOrigin } from './foreign-pages.js';

function origin(headers: Record<string, string>, method = 'POST') {
  return pageOrigin({ headers, method, host: headers['host'] ?? '' }, ['https://listed.example']);
}

describe('pageOrigin', () => {
  it.each<[string, ReturnType<typeof origin>, Record<string, string>]>([
    ['curl', 'none', { host: 'localhost:8001' }],
    ['an address typed in', 'none', { host: 'localhost:8001', 'sec-fetch-site': 'none' }],
    ['our page', 'same', { host: 'localhost:8001', origin: 'http://localhost:8001' }],
    ['our page behind TLS', 'same', { host: 'chess.example', origin: 'https://chess.example' }],
    ['our page, default port written out', 'same', { host: 'chess.example:443', origin: 'https://chess.example' }],
    ['our page, capitals in the host', 'same', { host: 'Chess.Example', origin: 'https://chess.example' }],
    [
      'our page, proxy changed the host',
      'same',
      { host: 'api:8001', origin: 'https://chess.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['another host', 'foreign', { host: 'localhost:8001', origin: 'https://evil.example' }],
    ['another port', 'foreign', { host: 'localhost:8001', origin: 'http://localhost:5173' }],
    [
      'another port, as the browser says',
      'foreign',
      { host: 'localhost:8001', origin: 'http://localhost:5173', 'sec-fetch-site': 'same-site' },
    ],
    ['another name of this machine', 'foreign', { host: 'localhost:8001', origin: 'http://127.0.0.1:8001' }],
    ['a host that begins alike', 'foreign', { host: 'localhost:8001', origin: 'http://localhost:8001.evil.example' }],
    [
      'a user name that looks alike',
      'foreign',
      { host: 'localhost:8001', origin: 'http://localhost:8001@evil.example' },
    ],
    ['a sandboxed page', 'foreign', { host: 'localhost:8001', origin: 'null' }],
    ['a foreign form without an origin', 'foreign', { host: 'localhost:8001', 'sec-fetch-site': 'cross-site' }],
    ['a file', 'foreign', { host: 'localhost:8001', origin: 'file://' }],
    [
      'a listed page',
      'listed',
      { host: 'localhost:8001', origin: 'https://listed.example', 'sec-fetch-site': 'cross-site' },
    ],
    ['a listed host with another scheme', 'foreign', { host: 'localhost:8001', origin: 'http://listed.example' }],
  ])('%s is %s', (_, expected, headers) => {
    expect(origin(headers)).toBe(expected);
  });

  describe('behind a proxy without TLS that replaces the host', () => {
    const page = { host: '127.0.0.1:8001', origin: 'http://models.lan' };

    it.each([
      ['POST', 'application/json'],
      ['POST', 'Application/JSON; charset=utf-8'],
      ['PUT', 'application/octet-stream'],
      ['PATCH', 'application/offset+octet-stream'],
      ['DELETE', ''],
    ])('takes for ours what no foreign page can send unasked: %s %s', (method, type) => {
      expect(origin({ ...page, 'content-type': type }, method)).toBe('same');
      expect(origin({ ...page, 'content-type': type, 'sec-fetch-site': 'cross-site' }, method)).toBe('foreign');
      for (const other of ['null', 'https://models.lan']) {
        expect(origin({ ...page, 'content-type': type, origin: other }, method)).toBe('foreign');
      }
    });

    it.each([
      '',
      'text/plain',
      'text/plain; application/json',
      'text/plain, application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
      'text/ping',
      'application/csp-report',
    ])('takes for foreign what any page can have sent: POST %s', (type) => {
      expect(origin({ ...page, 'content-type': type })).toBe('foreign');
    });
  });
});
