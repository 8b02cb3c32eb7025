import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PROBLEM_FORMAT } from '@caissa/shared/http';
import { createLogger } from '@caissa/shared/process';
import { afterEach, expect, it } from 'vitest';
import { createFrontDoor } from './front-door.js';
import { limitConnections, refuseBeyondLimit } from './limit-connections.js';
import { sendFailures } from './send-problem.js';

let server: Server;
/** Answers that clients of `/held` wait for. */
let held: ServerResponse[] = [];

afterEach(() => {
  server.closeAllConnections();
  server.close();
  held = [];
});

async function listen(perAddress: number, isTrusted = false): Promise<number> {
  const app = createFrontDoor({ BASE_PATH: '', TRUSTED_PROXIES: [] });
  app.use(refuseBeyondLimit);
  app.get('/held', (_request, response) => void held.push(response));
  app.get(['/', '/livez'], (_request, response) => void response.end('ok'));
  app.use(sendFailures(createLogger('test', 'silent'), PROBLEM_FORMAT));
  server = createServer(app);
  limitConnections(server, perAddress, () => isTrusted);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

async function ask(port: number, path = '/', agent?: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get({ port, path, agent, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  return response.resume();
}

it('closes the connection that has been idle for longest', async () => {
  const port = await listen(2);
  const [first, second] = [await open(port), await open(port)];
  const closed = once(first, 'close');
  const agent = new Agent({ keepAlive: true });
  expect((await ask(port, '/', agent)).statusCode).toBe(200);
  await closed;
  expect(second.destroyed).toBe(false);
  // The one that was used last is not the one that goes.
  const gone = once(second, 'close');
  await open(port);
  await gone;
  expect((await ask(port, '/', agent)).statusCode).toBe(200);
  agent.destroy();
});

it('answers 429 where all are in use, and closes none of those', async () => {
  const port = await listen(2);
  const waiting = [ask(port, '/held'), ask(port, '/held')];
  await expect.poll(() => held.length).toBe(2);
  for (let more = 0; more < 3; more++) {
    const refused = await ask(port);
    expect([refused.statusCode, refused.headers.connection, refused.headers['retry-after']]).toEqual([
      429,
      'close',
      '1',
    ]);
  }
  const probe = await ask(port, '/livez');
  expect([probe.statusCode, probe.headers.connection]).toEqual([200, 'close']);
  for (const response of held) response.end();
  expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  await expect.poll(async () => (await ask(port)).statusCode).toBe(200);
});

it('holds a flood of idle connections to the limit', async () => {
  const port = await listen(10);
  for (let count = 0; count < 60; count++) await open(port);
  await expect.poll(connections).toBeLessThanOrEqual(10);
  expect((await ask(port)).statusCode).toBe(200);
});

it('limits nothing if that is wished', async () => {
  const port = await listen(0);
  for (let count = 0; count < 20; count++) await open(port);
  await expect.poll(connections).toBe(20);
});

it('leaves alone a proxy that is trusted, which has one address for all its clients', async () => {
  const port = await listen(1, true);
  const first = await open(port);
  expect((await ask(port)).statusCode).toBe(200);
  expect((await ask(port)).statusCode).toBe(200);
  expect(first.destroyed).toBe(false);
});
