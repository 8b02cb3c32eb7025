import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { BoundedOutput } from './bounded-output.js';

/** Where log lines go. */
export const standardOutput = new BoundedOutput(1);
const standardError = new BoundedOutput(2);

/** Log lines that this process has dropped, because standard output or standard error did not take them. */
export function droppedLogLines(): number {
  return standardOutput.droppedLines + standardError.droppedLines;
}

/**
 * Puts streams in the place of `process.stdout` and `process.stderr` that never wait and never fail, for all that is
 * printed in this process: by us, by libraries and by Node.js.
 */
export function neverWaitForOutput(): void {
  takePlace('stdout', 1, standardOutput);
  takePlace('stderr', 2, standardError);
}

function takePlace(name: 'stdout' | 'stderr', fd: number, output: BoundedOutput): void {
  output.open();
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      output.write(chunk);
      done();
    },
  });
  Object.assign(stream, { fd }, isatty(fd) ? { isTTY: true } : {});
  Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
}
