// A running system for checks from outside: Redis, an exporter, an API or two, and two loaders, on free ports of this machine.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedisServer, usablePort } from '@caissa/launcher';

const PATIENCE_MS = 300_000;
const POLL_MS = 100;
const LOADERS = 2;

const until = async (what, check) => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

const startService = (name, env) => {
  const program = fileURLToPath(new URL(`../../services/${name}/dist/main.js`, import.meta.url));
  const child = fork(program, [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'error', RATE_LIMIT_PER_MINUTE: '0', ...env },
  });
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
};

/** Different ports that are free. */
const freePorts = async (count) => {
  const ports = new Set();
  while (ports.size < count) ports.add(await usablePort('127.0.0.1', 0));
  return [...ports];
};

/**
 * Starts the system with these fixtures as models, name → file, and makes one of them the active one on all loaders.
 * With `keys`, a second API asks for those. Answers the addresses of the APIs and of the first loader, `host:port`, and how
 * to stop everything.
 */
export const startSystem = async ({ models, active, text = {}, keys }) => {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-interop-'));
  const modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  for (const [name, file] of Object.entries(models)) await copyFile(file, join(modelsFolder, `${name}.pt`));
  for (const [name, content] of Object.entries(text)) await writeFile(join(modelsFolder, `${name}.pt`), content);
  const redis = await startRedisServer({ dataDir: join(folder, 'redis') });
  const [apiPort, loaderPort, keyedPort] = await freePorts(3);
  const env = { REDIS_URL: redis.url, DATA_DIR: folder, EXPECTED_CHANNELS: 'any', EXPECTED_BLOCKS: 'any' };
  const stops = [startService('exporter', env), startService('api', { ...env, PORT: String(apiPort) })];
  if (keys !== undefined) stops.push(startService('api', { ...env, PORT: String(keyedPort), API_KEYS: keys }));
  for (let number = 0; number < LOADERS; number++) {
    stops.push(startService('loader', { ...env, LOADER_PORT: String(number === 0 ? loaderPort : 0) }));
  }
  const stop = async () => {
    await Promise.all(stops.map((one) => one()));
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = `http://127.0.0.1:${apiPort}`;
    await until('The API is ready', async () => (await fetch(`${url}/readyz`)).ok);
    await until(`${active} is active`, async () => {
      const answer = await fetch(`${url}/api/model/load/${active}?wait=60&wait_for=all`, { method: 'POST' });
      return answer.status === 200;
    });
    await until('All loaders serve', async () => {
      const { replicas } = await (await fetch(`${url}/api/model/current`)).json();
      return replicas.ready === LOADERS;
    });
    const address = (port) => `127.0.0.1:${port}`;
    return { api: address(apiPort), loader: address(loaderPort), keyed: address(keyedPort), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
