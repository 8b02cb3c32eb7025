import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where and how long a command may run. */
interface CommandOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** Runs a program to its end and gives what it printed; rejects if it is missing, fails or takes too long. */
export type RunCommand = (file: string, args: readonly string[], options?: CommandOptions) => Promise<string>;

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** {@link RunCommand} on this machine, without a terminal: nothing can ask a question. */
export const runCommand: RunCommand = async (file, args, { cwd, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
  const options = { timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, ...(cwd === undefined ? {} : { cwd }) };
  const running = promisify(execFile)(file, args, options);
  running.child.stdin?.end();
  return (await running).stdout;
};
