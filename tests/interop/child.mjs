// Runs a program to its end and reads what it prints.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Environment of a Python that must see nothing but its own packages, and leave nothing in the checkout. */
export const pythonEnvironment = () => {
  const { PYTHONPATH: _path, PYTHONHOME: _home, ...rest } = process.env;
  return { ...rest, PYTHONDONTWRITEBYTECODE: '1' };
};

/**
 * Runs a program; standard error goes to ours. Each line it prints goes to `onLine`.
 * Answers `undefined`, or a sentence if it did not end well.
 */
export const run = async (
  file,
  args,
  { env = pythonEnvironment(), cwd, timeoutMs = 1_800_000, onLine = () => {} } = {},
) => {
  // Not spawn's own timeout, whose timer goes on, and keeps this process, where the program cannot be started.
  const signal = AbortSignal.timeout(timeoutMs);
  const child = spawn(file, args, { env, cwd, signal, stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = once(child, 'error').then(([error]) =>
    error.name === 'AbortError'
      ? `${file} was stopped after ${timeoutMs / 1000} s`
      : `${file} cannot be started: ${error.message}`,
  );
  const ended = (async () => {
    for await (const line of createInterface({ input: child.stdout })) onLine(line);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.exitCode === 0) return undefined;
    return `${[file, ...args].join(' ')} ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
  })();
  return Promise.race([failed, ended]);
};

/** What a program prints, or undefined if it did not end well. */
export const output = async (file, args, options) => {
  const lines = [];
  const problem = await run(file, args, { ...options, onLine: (line) => lines.push(line) });
  return problem === undefined ? lines.join('\n') : undefined;
};
