import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnGuarded } from './guarded-process.js';
import { assertRedisDataUnused, recordRedisServer } from './redis-data-record.js';
import type { RedisProgram } from './redis-packages.js';
import { probeRedis } from './redis-probe.js';
import { findRedisProgram, type RedisSearch } from './redis-program.js';
import { SetupError } from './setup-error.js';

/** Which data a server keeps and where it listens. */
export interface RedisServerOptions extends RedisSearch {
  /** Folder of the append-only file; made when missing. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; a free one when 0 or missing. */
  readonly port?: number;
}

/** A Redis server that this process started; it ends when this process ends, however that happens. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles, and never rejects, when the server has ended. */
  readonly exited: Promise<void>;
  /** Ends it as Redis wants it, with its data on disk; by force after ten seconds. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const PROBE_INTERVAL_MS = 20;
const FREE_PORT_ATTEMPTS = 5;
const KEPT_OUTPUT_CHARACTERS = 4_000;

/** The server's settings: only this machine, every write in the append-only file within a second, never forgetting. */
export function redisArguments(dataDir: string, port: number): string[] {
  const settings: [string, string][] = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['dir', dataDir],
    ['appendonly', 'yes'],
    ['appendfsync', 'everysec'],
    // The append-only file holds everything; snapshots beside it would only cost.
    ['save', ''],
    // A queue that silently loses jobs under memory pressure is worse than one that refuses them.
    ['maxmemory-policy', 'noeviction'],
    ['daemonize', 'no'],
    ['loglevel', 'notice'],
  ];
  return settings.flatMap(([name, value]) => [`--${name}`, value]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The end of what the process prints, for the sentence that says why it did not start. */
function keepOutput(child: ChildProcess): () => string {
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT_CHARACTERS);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', keep);
  return () => output;
}

class PortTakenError extends SetupError {}

function startFailure(output: string, port: number): SetupError {
  if (/address already in use/i.test(output)) {
    return new PortTakenError(`Redis cannot listen on port ${port} of 127.0.0.1, because another program does.`);
  }
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  return new SetupError(`Redis did not start: ${lastLine || 'it printed no reason'}`);
}

/** Resolves with the server's process id when it answers, undefined when it ended or took too long. */
async function untilAnswering(child: ChildProcess, port: number): Promise<number | undefined> {
  let expected: number | undefined;
  child.stdout?.once('data', (text: string) => {
    expected = Number.parseInt(text, 10);
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const identity = await probeRedis(port);
    if (expected !== undefined && identity?.processId === expected) return expected;
    await delay(PROBE_INTERVAL_MS);
  }
  return undefined;
}

async function stopGuarded(child: ChildProcess, pid: number | undefined, exited: Promise<void>): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
  }, STOP_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

async function startOnPort(program: RedisProgram, dataDir: string, port: number): Promise<RedisServer> {
  const child = spawnGuarded(program, redisArguments(dataDir, port));
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => {});
  const output = keepOutput(child);
  const pid = await untilAnswering(child, port);
  if (pid === undefined) {
    await stopGuarded(child, undefined, exited);
    throw startFailure(output(), port);
  }
  await recordRedisServer(dataDir, { processId: pid, port });
  const stop = () => stopGuarded(child, pid, exited);
  return { url: `redis://127.0.0.1:${port}`, port, pid, exited, stop };
}

/**
 * Starts a Redis server on 127.0.0.1 and resolves when it answers.
 * @throws SetupError if there is no program, the port is taken or the data folder is in use or damaged
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { dataDir, port = 0 } = options;
  const program = await findRedisProgram(options);
  await mkdir(dataDir, { recursive: true });
  await assertRedisDataUnused(dataDir);
  if (port !== 0) return startOnPort(program, dataDir, port);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnPort(program, dataDir, await freePort());
    } catch (error) {
      // Someone else may take a free port between our look and the server's.
      if (!(error instanceof PortTakenError) || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}
