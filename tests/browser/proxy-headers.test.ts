import { once } from 'node:events';
import { createServer, get as getHttp, type IncomingHttpHeaders, type Server } from 'node:http';
import { get as getHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startSystem, until } from '../setup/system.js';
import { findProgram, LOGIN, type RunningProxy, startCaddy, startNginx } from './proxies.js';

/** Another address of this machine than the one that proxies connect from. */
const CLIENT = '127.0.0.2';
/** What a client says that would like to be somebody else, somewhere else. */
const LIES = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'gopher',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-prefix': '/evil',
};

/** Sends a request from {@link CLIENT} with {@link LIES}. Returns the JSON of the answer. */
async function ask(origin: string, path: string): Promise<unknown> {
  const options = { localAddress: CLIENT, headers: LIES, rejectUnauthorized: false };
  const credentials = `${LOGIN.username}:${LOGIN.password}`;
  const [response] = origin.startsWith('https:')
    ? await once(getHttps(origin + path, { ...options, auth: credentials }), 'response')
    : await once(getHttp(origin + path, options), 'response');
  return json(response);
}

const PROXIES = [
  ['nginx', await findProgram('nginx'), startNginx],
  ['Caddy', await findProgram('caddy'), startCaddy],
] as const;

describe.each(PROXIES)('the %s of the manual', (name, program, start) => {
  /** Answers with the headers that it gets. */
  let mirror: Server;
  let proxy: RunningProxy;
  beforeAll(async () => {
    mirror = createServer((request, response) => void response.end(JSON.stringify(request.headers)));
    await once(mirror.listen(0, '127.0.0.1'), 'listening');
    const { port } = mirror.address() as AddressInfo;
    if (program !== undefined) proxy = await start(program, `http://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    await proxy?.stop();
    mirror.closeAllConnections();
    mirror.close();
  });

  it.skipIf(program === undefined)('says where a request comes from, whatever that says of itself', async () => {
    const headers = (await ask(proxy.origin, '/caissa/')) as IncomingHttpHeaders;
    const { protocol, host } = new URL(proxy.origin);
    expect(headers).toMatchObject({
      host,
      'x-forwarded-for': expect.stringMatching(new RegExp(`(^|, )${CLIENT}$`)),
      'x-forwarded-proto': protocol.slice(0, -1),
      'x-forwarded-host': host,
    });
    expect(headers).not.toHaveProperty('x-forwarded-prefix');
  });

  it.skipIf(program === undefined)('has the API log who its client is', async () => {
    const system = await startSystem({
      redisUrl: inject('redisUrl'),
      exporters: 0,
      loaders: 0,
      env: { BASE_PATH: '/caissa', TRUSTED_PROXIES: '127.0.0.1' },
    });
    const front = await start(String(program), system.url);
    try {
      await ask(front.origin, `/caissa/api/jobs/behind-${name}`);
      const line = await until('the request is logged', () =>
        system
          .logs()
          .split('\n')
          .find((text) => text.includes(`behind-${name}`)),
      );
      expect(JSON.parse(line)).toMatchObject({ address: CLIENT });
      expect(system.logs()).not.toContain('203.0.113.7');
    } finally {
      await front.stop();
      await system.stop();
    }
  });
});
