import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROBLEM_FORMAT } from './failure-format.js';
import { closeServer, createHttpServer, listen } from './server.js';

let server: Server;
let port: number;
let agent: Agent;
/** What waits for an answer. */
let waiting: ServerResponse[];

beforeEach(async () => {
  waiting = [];
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { headersTimeout: 5_000, requestTimeout: 0, failures: PROBLEM_FORMAT };
  server = createHttpServer(options, ({ url }, response) => {
    if (url === '/wait') waiting.push(response.writeHead(200));
    else response.end('at once');
  });
  port = await listen(server, { host: '127.0.0.1', port: 0, setting: 'PORT' });
});

afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
});

async function ask(path: string): Promise<IncomingMessage> {
  const [response] = (await once(get({ port, path, agent, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  return response;
}

describe('a server that closes', () => {
  it('lets an answer under way end, and closes as soon as it has', async () => {
    const answer = ask('/wait');
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.write('first ');
    const closed = closeServer(server, 60_000);
    const body = text(await answer);
    waiting[0]?.end('last');
    expect(await body).toBe('first last');
    await closed;
    await expect(ask('/')).rejects.toThrow(/ECONNREFUSED|hang up/);
  });

  it('ends what takes longer than it may', async () => {
    const answer = ask('/wait');
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.write('first ');
    const body = text(await answer);
    await Promise.all([closeServer(server, 50), expect(body).rejects.toThrow('aborted')]);
  });

  it('is not kept open by a client that sends one request after the other', async () => {
    const busy = (async () => {
      for (;;) await text(await ask('/'));
    })();
    await expect(Promise.all([busy, closeServer(server, 60_000)])).rejects.toThrow(/ECONN|hang up/);
    await expect.poll(() => server.listening).toBe(false);
  });
});
