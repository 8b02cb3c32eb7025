import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { AppError } from '../errors/app-error.js';
import { BodyReader } from './body-reader.js';
import { GrowingBuffer } from './growing-buffer.js';

let close: () => void = () => undefined;
afterEach(() => close());

/** A server that hands its requests over; `send` starts one whose body is written by the caller. */
async function open(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  return (headers: Record<string, string | number>) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers });
    sent.on('error', () => undefined);
    sent.flushHeaders();
    return sent;
  };
}

test('what was announced and not sent is not held', async () => {
  const bodies = new BodyReader();
  const send = await open(
    (incoming, response) => void bodies.read(incoming, response, 64 << 20).catch(() => undefined),
  );
  const clients = Array.from({ length: 20 }, () => send({ 'Content-Length': 64 << 20 }));
  for (const client of clients) client.write('x'.repeat(1000));
  await expect.poll(() => bodies.heldBytes).toBe(20_000);
  for (const client of clients) client.destroy();
  await expect.poll(() => bodies.heldBytes).toBe(0);
});

test('more than may be held is refused until some of it is answered', async () => {
  const bodies = new BodyReader(1_000);
  const answered: (number | string)[] = [];
  let answer = () => {};
  const send = await open((incoming, response) => {
    bodies.read(incoming, response, 800).then(
      (body) => {
        answered.push(body.length);
        answer = () => response.end();
      },
      (error: AppError) => answered.push(error.code) && response.end(),
    );
  });
  const post = (size: number) => send({ 'Content-Length': size }).end('x'.repeat(size));
  post(700);
  await expect.poll(() => answered).toEqual([700]);
  post(700);
  await expect.poll(() => answered).toEqual([700, 'OVERLOADED']);
  answer();
  await expect.poll(() => bodies.heldBytes).toBe(0);
  post(700);
  await expect.poll(() => answered).toEqual([700, 'OVERLOADED', 700]);
});

test('a buffer that grows keeps what was in it and takes no more than was announced', () => {
  const buffer = new GrowingBuffer(200_000);
  const pieces = Array.from({ length: 200 }, (_, i) => Buffer.alloc(1_000, i));
  for (const piece of pieces) buffer.add(piece);
  expect(buffer.lengthBytes).toBe(200_000);
  expect(buffer.take().equals(Buffer.concat(pieces))).toBe(true);
  expect(buffer.take().buffer.byteLength).toBe(200_000);
  expect(new GrowingBuffer(10).take().length).toBe(0);
  const [first = Buffer.alloc(0)] = pieces;
  const single = new GrowingBuffer(1_000);
  single.add(first);
  expect(single.take().buffer).toBe(first.buffer);
});
