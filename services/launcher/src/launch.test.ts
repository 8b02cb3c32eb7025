import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readiness } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localUrl, usablePort } from './api-address.js';
import { Launch, type LaunchSettings } from './launch.js';
import { SetupError } from './setup-error.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-launch-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A service that notes its environment and its end, and answers when it is an API. */
const SERVICE = `import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const note = (event) => appendFileSync(process.env.EVENTS, JSON.stringify([event, process.env.SERVICE_ENV, process.env.REDIS_URL, process.env.LOADER_PORT, process.env.LOADER_URL ?? null]) + '\\n');
const name = import.meta.url.match(/(\\w+)\\.mjs$/)[1];
process.on('SIGTERM', () => { note('stop ' + name); process.exit(0); });
process.on('SIGHUP', () => note('hang ' + name));
if (name === 'api') createServer((_, response) => response.end(readFileSync(process.env.EVENTS + '.readiness'))).listen(Number(process.env.PORT), process.env.HOST);
note('start ' + name);
setInterval(() => {}, 1000);`;

const tellReadiness = (readiness: Readiness) => writeFile(join(folder, 'events.readiness'), JSON.stringify(readiness));

async function prepare(changes: Partial<LaunchSettings> = {}) {
  const events = join(folder, 'events');
  for (const name of ['api', 'exporter', 'loader']) await writeFile(join(folder, `${name}.mjs`), SERVICE);
  await tellReadiness({ ready: true, conditions: [] });
  const said: string[] = [];
  const givenUp: string[] = [];
  const redis = {
    url: 'redis://user:secret@127.0.0.1:7777',
    pid: 4242,
    exited: new Promise<void>(() => {}),
    stop: async () => writeFile(events, `${await readFile(events, 'utf8')}["stop redis"]\n`),
  };
  const settings: LaunchSettings = {
    host: '127.0.0.1',
    port: await usablePort('127.0.0.1', 0),
    dataDir: join(folder, 'data'),
    storageUrl: '',
    exporters: 1,
    loaders: 1,
    loaderPort: 8002,
    stopGraceMs: 20_000,
    env: { EVENTS: events, SERVICE_ENV: 'inherited' },
    ...changes,
  };
  const launch = new Launch(settings, {
    provideRedis: async () => redis,
    writeSampleModels: async (models) => {
      await writeFile(join(models, 'model_v1.pt'), '');
      return ['model_v1.pt'];
    },
    programOf: (service) => join(folder, `${service}.mjs`),
    policy: { backoffMs: 1, maxBackoffMs: 1, quickEndMs: 10_000, maxQuickEnds: 3, hopelessCodes: [2] },
    say: (line) => said.push(line),
    giveUp: (sentence) => givenUp.push(sentence),
  });
  const readEvents = async (): Promise<string[][]> =>
    (await readFile(events, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { launch, said, givenUp, readEvents, settings };
}

describe('Launch', () => {
  it('starts everything with the right environment, says what runs where, and stops Redis last', async () => {
    const { launch, said, givenUp, readEvents, settings } = await prepare({ exporters: 2 });
    await launch.start();
    await expect.poll(async () => (await readEvents()).length).toBe(4);
    await launch.stop();
    const events = await readEvents();
    const names = events.map(([event]) => event);
    expect(names.slice(0, 4).toSorted()).toEqual(['start api', 'start exporter', 'start exporter', 'start loader']);
    expect(names.slice(4, 8).toSorted()).toEqual(['stop api', 'stop exporter', 'stop exporter', 'stop loader']);
    expect(names.slice(8)).toEqual(['stop redis']);
    expect(events[0]?.slice(1, 3)).toEqual(['inherited', 'redis://user:secret@127.0.0.1:7777']);
    expect(said.join('\n')).toContain(`process 4242, data in ${join(settings.dataDir, 'redis')}`);
    expect(said.join('\n')).toContain(`http://127.0.0.1:${settings.port}`);
    expect(said.join('\n')).toContain('1 untrained sample models');
    expect(said.join('\n')).not.toContain('secret');
    expect(said.filter((line) => /^ {2}(redis|models|api|exporter [12]|loader) /.test(line))).toHaveLength(6);
    expect(givenUp).toEqual([]);
  });

  it('writes no sample models where a bucket holds them', async () => {
    const { launch, said, settings } = await prepare({ storageUrl: 's3://bucket/prefix/' });
    await launch.start();
    await launch.stop();
    expect(said.find((line) => line.startsWith('  models'))).toMatch(/ s3:\/\/bucket\/prefix\/models$/);
    expect(await readdir(settings.dataDir)).toEqual([]);
  });

  it('gives the first loader the port that people know, and the others free ones', async () => {
    const env = { EVENTS: join(folder, 'events'), LOADER_URL: 'http://loader.example:8002' };
    const { launch, said, readEvents } = await prepare({ loaders: 3, env });
    await launch.start();
    await expect.poll(async () => (await readEvents()).length).toBe(5);
    await launch.stop();
    const loaders = (await readEvents()).filter(([event]) => event === 'start loader');
    expect(loaders.map(([, , , port, url]) => [port, url]).toSorted()).toEqual([
      ['0', null],
      ['0', null],
      ['8002', 'http://loader.example:8002'],
    ]);
    expect(said.filter((line) => line.includes('http://127.0.0.1:8002'))).toHaveLength(1);
  });

  it('stops while it waits for an API that is never ready', async () => {
    const { launch } = await prepare();
    await writeFile(join(folder, 'api.mjs'), 'setInterval(() => {}, 1000);');
    await writeFile(join(folder, 'events'), '');
    const starting = launch.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await launch.stop();
    await starting;
  });

  it('says once what keeps jobs from being done, and waits until it is over', async () => {
    const { launch, said } = await prepare();
    const since = '2026-01-01T00:00:00Z';
    const evicts = { code: 'REDIS_EVICTS', message: 'Redis removes keys.', since } as const;
    const denied = { code: 'REDIS_DENIED', message: 'Redis does not accept the password: correct it.', since } as const;
    await tellReadiness({ ready: true, conditions: [evicts, denied] });
    const starting = launch.start();
    await expect.poll(() => said).toContain(denied.message);
    await tellReadiness({ ready: true, conditions: [evicts] });
    await starting;
    expect(said.filter((line) => line.includes('Redis '))).toEqual([denied.message]);
    await launch.stop();
  });

  it('is ready with a store that cannot be written, and says so once', async () => {
    const { launch, said } = await prepare();
    const readOnly = {
      code: 'STORE_UNREACHABLE',
      message: 'The folder of exports cannot be written: mount it writable.',
      since: '2026-01-01T00:00:00Z',
    } as const;
    await tellReadiness({ ready: true, conditions: [readOnly] });
    await launch.start();
    await launch.stop();
    expect(said.filter((line) => line === readOnly.message)).toHaveLength(1);
  });

  it('passes SIGHUP on to the services, which read their files again', async () => {
    const { launch, readEvents } = await prepare();
    await launch.start();
    await expect.poll(async () => (await readEvents()).length).toBe(3);
    launch.hangUp();
    const hungUp = async () =>
      (await readEvents()).map(([event]) => event).filter((event) => event?.startsWith('hang'));
    await expect.poll(async () => (await hungUp()).toSorted()).toEqual(['hang api', 'hang exporter', 'hang loader']);
    await launch.stop();
  });

  it('says that a service is given up', async () => {
    const { launch, givenUp } = await prepare();
    await writeFile(join(folder, 'loader.mjs'), 'process.exit(2)');
    await launch.start();
    await expect.poll(() => givenUp).toEqual(['The loader cannot run with this configuration; it says why above.']);
    await launch.stop();
  });
});

describe('usablePort', () => {
  it('finds a free port and refuses a taken one and a foreign address', async () => {
    const port = await usablePort('127.0.0.1', 0);
    const server = createServer().listen(port, '127.0.0.1');
    await expect.poll(() => server.listening).toBe(true);
    await expect(usablePort('127.0.0.1', port)).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`);
    await expect(usablePort('127.0.0.1', port, 'LOADER_PORT')).rejects.toThrow('set LOADER_PORT to another one');
    await expect(usablePort('192.0.2.1', 0)).rejects.toThrow('HOST is "192.0.2.1", which is no address');
    await expect(usablePort('192.0.2.1', 0)).rejects.toThrow(SetupError);
    await new Promise((resolve) => server.close(resolve));
    expect(await usablePort('127.0.0.1', port)).toBe(port);
  });
});

describe('localUrl', () => {
  it('gives an address that this machine can call', () => {
    expect(localUrl('0.0.0.0', 1)).toBe('http://127.0.0.1:1');
    expect(localUrl('::', 1)).toBe('http://[::1]:1');
    expect(localUrl('::1', 1)).toBe('http://[::1]:1');
    expect(localUrl('localhost', 1)).toBe('http://localhost:1');
  });
});
