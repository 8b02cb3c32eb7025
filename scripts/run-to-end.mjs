import { spawn } from 'node:child_process';

// Nothing is compiled yet that the list of the services could be taken from.
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs a program to its end, with our terminal but no input; gives its exit code. */
export const runToEnd = (file, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    const forward = (signal) => child.kill(signal);
    for (const signal of STOP_SIGNALS) process.on(signal, forward);
    const finish = (code) => {
      for (const signal of STOP_SIGNALS) process.removeListener(signal, forward);
      resolve(code);
    };
    child.once('error', () => finish(127));
    child.once('exit', (code, signal) => (signal ? process.exit(130) : finish(code)));
  });
