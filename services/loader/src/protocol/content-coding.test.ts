import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { AppError } from '@caissa/shared/errors';
import { BodyReader } from '@caissa/shared/http';
import { expect, test } from 'vitest';
import { readDecoded, wantedCoding } from './content-coding.js';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['br', undefined],
  ['*', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['deflate', 'deflate'],
  ['gzip, deflate, br', 'gzip'],
  ['deflate, gzip;q=0.5', 'deflate'],
  ['gzip;q=0', undefined],
  ['gzip; q=0.2 , deflate;q=0.1', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['gzip;q=x', undefined],
])('%s asks for %s', (header, coding) => {
  expect(wantedCoding(header)).toBe(coding);
});

test('what a compressed body may grow to counts before it is unpacked', async () => {
  const bodies = new BodyReader(10_000);
  const server = createServer((request, response) => {
    readDecoded(bodies, request, response, 64 << 20).then(
      (body) => response.end(String(body.length)),
      ({ code }: AppError) => response.end(code),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const sent = { method: 'POST', headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(1 << 20)) };
  try {
    expect(await (await fetch(`http://127.0.0.1:${port}`, sent)).text()).toBe('OVERLOADED');
    await expect.poll(() => bodies.heldBytes).toBe(0);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
