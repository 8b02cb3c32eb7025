import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usablePort } from '@caissa/launcher';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// The compiled launcher, in a checkout of its own whose services are small fakes.

const repository = fileURLToPath(new URL('../..', import.meta.url));

const WORKER = `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.PIDS, process.pid + '\\n');
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
setInterval(() => {}, 1000);`;
const API = `${WORKER}
import { createServer } from 'node:http';
createServer((_, response) => response.end('{"ready":true,"conditions":[]}')).listen(Number(process.env.PORT), process.env.HOST);`;

let checkout: string;
let launchers: ChildProcess[];

async function writeService(name: string, program: string): Promise<void> {
  const folder = join(checkout, 'services', name, 'dist');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'main.js'), program);
}

beforeEach(async () => {
  launchers = [];
  checkout = await mkdtemp(join(tmpdir(), 'caissa-launcher-'));
  await writeFile(join(checkout, 'package.json'), '{"type":"module"}');
  await cp(join(repository, 'services/launcher/dist'), join(checkout, 'services/launcher/dist'), { recursive: true });
  await symlink(join(repository, 'node_modules'), join(checkout, 'node_modules'));
  await symlink(join(repository, '.cache'), join(checkout, '.cache'));
  await writeService('api', API);
  await writeService('exporter', WORKER);
  await writeService('loader', WORKER);
  await mkdir(join(checkout, 'data', 'models'), { recursive: true });
});
afterEach(async () => {
  for (const launcher of launchers) launcher.kill('SIGKILL');
  await rm(checkout, { recursive: true, maxRetries: 20, retryDelay: 100 });
});

/** Starts the launcher; `output` gives what it has printed so far, `end` its exit code. */
async function start(
  env: Record<string, string> = {},
  [program, ...args] = [process.execPath, join(checkout, 'services/launcher/dist/main.js')],
) {
  const port = String(await usablePort('127.0.0.1', 0));
  const child = spawn(program ?? '', args, {
    cwd: checkout,
    env: { PATH: process.env['PATH'], PORT: port, LOADER_PORT: '0', PIDS: join(checkout, 'pids'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  launchers.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const end = once(child, 'close').then(([code]: (number | null)[]) => code);
  return { child, port, end, output: () => printed };
}

/** The processes of services and Redis that were started, as far as they still run. */
async function runningProcesses(output: string): Promise<number[]> {
  // There is no such file if all was over before a service came to write it.
  const written = await readFile(join(checkout, 'pids'), 'utf8').catch(() => '');
  const services = written
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  const redis = Number(/redis .*\(process (\d+)/.exec(output)?.[1]);
  return [...services, redis].filter((pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  });
}

describe('npm start', () => {
  it('says what runs where and how to begin, and a Ctrl-C that npm repeats stops all of it', async () => {
    const { child, port, end, output } = await start({ EXPORTERS: '2' });
    await expect.poll(output).toContain(`curl http://127.0.0.1:${port}/api/model/list`);
    expect(output()).toMatch(new RegExp(`^Ready\\. Open http://127\\.0\\.0\\.1:${port} `, 'm'));
    await expect.poll(() => runningProcesses(output())).toHaveLength(5);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await end).toBe(0);
    expect(await runningProcesses(output())).toEqual([]);
    expect(output().trim().split('\n').at(-1)).toBe('Stopping.');
  });

  it('leaves nothing running when it is killed', async () => {
    const { child, output } = await start();
    await expect.poll(output).toContain('Ready.');
    await expect.poll(() => runningProcesses(output())).toHaveLength(4);
    child.kill('SIGKILL');
    await expect.poll(() => runningProcesses(output())).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves nothing running when npm alone gets %s', async (signal) => {
    await cp(join(repository, 'scripts'), join(checkout, 'scripts'), { recursive: true });
    await writeFile(join(checkout, 'scripts/prepare.mjs'), 'export const prepare = () => undefined;');
    await cp(join(repository, 'package.json'), join(checkout, 'package.json'));
    const { child, output } = await start({ HOME: checkout }, ['npm', 'start']);
    await expect.poll(output).toContain('Ready.');
    await expect.poll(() => runningProcesses(output())).toHaveLength(4);
    child.kill(signal);
    await expect.poll(() => runningProcesses(output())).toEqual([]);
  });

  it('goes on when whoever read what it says is gone', async () => {
    const { child, port, output } = await start();
    await expect.poll(output).toContain('Ready.');
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    const pid = Number(/exporter +process (\d+)/.exec(output())?.[1]);
    process.kill(pid, 'SIGKILL');
    // It says so to nobody, starts it again, and serves on.
    await expect.poll(async () => (await runningProcesses(output())).length).toBe(4);
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('starts Redis again, on the same port, when that dies', async () => {
    const { child, end, output } = await start();
    await expect.poll(output).toContain('Ready.');
    const port = /127\.0\.0\.1:(\d+) \(process/.exec(output())?.[1];
    process.kill(Number(/\(process (\d+), data/.exec(output())?.[1]), 'SIGKILL');
    const record = async () => JSON.parse(await readFile(join(checkout, 'data/redis/caissa-redis.json'), 'utf8'));
    const before = await record();
    await expect.poll(async () => (await record()).processId).not.toBe(before.processId);
    expect(String((await record()).port)).toBe(port);
    child.kill('SIGTERM');
    expect(await end).toBe(0);
  });

  it('a second Ctrl-C does not wait for a service that does not end', async () => {
    await writeService(
      'loader',
      "process.on('SIGTERM', () => {}); console.log('stubborn'); setInterval(() => {}, 1000);",
    );
    const { child, end, output } = await start();
    await expect.poll(output).toContain('Ready.');
    await expect.poll(output).toContain('stubborn');
    child.kill('SIGINT');
    await expect.poll(output).toContain('Stopping.');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    child.kill('SIGINT');
    expect(await end).toBe(130);
  });

  it('stops with a sentence when a service refuses its configuration', async () => {
    await writeService('exporter', "console.error('EXPORT_CONCURRENCY is wrong.'); process.exit(2);");
    const { end, output } = await start();
    expect(await end).toBe(1);
    expect(output()).toContain('EXPORT_CONCURRENCY is wrong.');
    expect(output()).toContain('The exporter cannot run with this configuration; it says why above.');
    expect(await runningProcesses(output())).toEqual([]);
  });

  it('refuses bad settings and a taken port before it starts anything', async () => {
    const wrong = await start({ EXPORTERS: 'many' });
    expect(await wrong.end).toBe(2);
    expect(wrong.output()).toMatch(/^EXPORTERS is "many" but must be a whole number/);
    const services = await start({ DEFAULT_WAIT_SECONDS: '61' });
    expect(await services.end).toBe(2);
    expect(services.output()).toMatch(/^DEFAULT_WAIT_SECONDS is "61" but must be a whole number/);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const taken = await start({ PORT: String(port) });
    expect(await taken.end).toBe(1);
    expect(taken.output().trim()).toBe(
      `Port ${port} of 127.0.0.1 is taken by another program: stop that, or set PORT to another one.`,
    );
    server.close();
  });
});
