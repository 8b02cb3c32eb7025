import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Which service a process of the system is. */
type Service = 'api' | 'exporter' | 'loader';

/** A running system of real processes, in a folder of its own. */
export interface System {
  readonly url: string;
  readonly dataDir: string;
  readonly modelsDir: string;
  readonly exportsDir: string;
  /** The processes that were started, the newest last. */
  readonly processes: Readonly<Record<Service, ChildProcess[]>>;
  /** Starts one more process of a service. */
  start(service: Service, env?: Record<string, string>): Promise<ChildProcess>;
  /** What the processes have logged so far. */
  logs(): string;
  stop(): Promise<void>;
}

/** How to start a system. */
export interface SystemOptions {
  readonly redisUrl: string;
  readonly exporters?: number;
  readonly loaders?: number;
  readonly env?: Record<string, string>;
  /** Prepares the folders before anything runs. */
  readonly prepare?: (folders: { dataDir: string; modelsDir: string }) => Promise<void>;
  /** The data folder; a temporary one that is removed at the end when it is not given. */
  readonly dataDir?: string;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Polls until `check` returns something, and returns that. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 90_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends a process at once and waits until it is gone. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Starts api, exporters and loaders as `npm start` does, and waits until the API is ready. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'caissa-system-')));
  const modelsDir = join(dataDir, 'models');
  await mkdir(modelsDir, { recursive: true });
  await options.prepare?.({ dataDir, modelsDir });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const processes: Record<Service, ChildProcess[]> = { api: [], exporter: [], loader: [] };
  const lines: string[] = [];
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    PORT: String(port),
    REDIS_URL: options.redisUrl,
    REDIS_PREFIX: `e2e-${randomBytes(6).toString('hex')}`,
    DATA_DIR: dataDir,
    EXPECTED_CHANNELS: 'any',
    EXPECTED_BLOCKS: 'any',
    RATE_LIMIT_PER_MINUTE: '0',
    LOADER_PORT: '0',
    ...options.env,
  };
  const start = async (service: Service, more: Record<string, string> = {}) => {
    const program = join(repository, 'services', service, 'dist', 'main.js');
    const child = fork(program, [], {
      env: { ...env, ...more },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => lines.push(String(data)));
    processes[service].push(child);
    return child;
  };
  const system: System = {
    url,
    dataDir,
    modelsDir,
    exportsDir: join(dataDir, 'exports'),
    processes,
    start,
    logs: () => lines.join(''),
    async stop() {
      await Promise.all(
        Object.values(processes).flatMap((children) => children.map((child) => kill(child, 'SIGTERM'))),
      );
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
  try {
    await start('api');
    for (let count = 0; count < (options.exporters ?? 1); count++) await start('exporter');
    for (let count = 0; count < (options.loaders ?? 1); count++) await start('loader');
    await until('the API is ready', async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok);
  } catch (error) {
    process.stderr.write(system.logs());
    await system.stop();
    throw error;
  }
  return system;
}
