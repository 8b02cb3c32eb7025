// An object store for tests that shares no code with the one of `npm test`: moto, in Python.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { usablePort } from '@caissa/launcher';
import { pythonEnvironment } from './child.mjs';

const START_MS = 120_000;
const POLL_MS = 100;

/** Starts the store on a free port. Answers its address and how to stop it. */
export const startObjectStore = async (python) => {
  const port = await usablePort('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  const program = 'import sys; from moto.server import main; main(sys.argv[1:])';
  const child = spawn(python, ['-c', program, '-H', '127.0.0.1', '-p', String(port)], {
    env: pythonEnvironment(),
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const deadline = Date.now() + START_MS;
  while (!(await fetch(endpoint).catch(() => undefined))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error('The object store of the tests does not start.');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { endpoint, stop };
};
