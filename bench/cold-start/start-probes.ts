import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { usablePort } from '@caissa/launcher';
import { type Probe, timed } from '../harness/alternate.js';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const POLL_MS = 10;
const PATIENCE_MS = 120_000;

/** What was started, to be ended when the time is taken. */
interface Started {
  stop(): Promise<void>;
}

/** Measures until something that is started is of use. */
export function timeOfStart(label: string, start: () => Promise<Started>): Probe {
  let started: Started | undefined;
  return timed({
    label,
    async run() {
      started = await start();
    },
    after: async () => started?.stop(),
  });
}

/** The start and the end of Node.js. */
export function emptyProgram(): Probe {
  const run = async () => void (await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit'));
  return timed({ label: 'node -e 0', run });
}

/**
 * Starts the system on data that are there and waits until it is ready. By what `npm start` runs: npm ends when it is told
 * to, and not when the system has, which the next start on the same data would meet.
 */
export async function untilReady(dataDir: string): Promise<Started> {
  const port = await usablePort('127.0.0.1', 0);
  const child = spawn(process.execPath, ['scripts/run.mjs', 'start'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: dataDir, LOG_LEVEL: 'error' },
      ...{ PORT: String(port), LOADER_PORT: '0' },
    },
  });
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await answersWell(`http://127.0.0.1:${port}/readyz`))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('The system did not become ready.');
    await delay(POLL_MS);
  }
  return { stop: () => stop(child) };
}

/** Starts a program and waits until it prints something. */
export async function untilPrinted(program: string, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { stop: () => stop(child) };
}

async function answersWell(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}
