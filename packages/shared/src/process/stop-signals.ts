import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** What people, terminals and service managers stop a process with. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm and the launcher pass on a Ctrl-C that the terminal has sent already; a second one from a person comes later. */
const REPEATED_SIGNAL_MS = 1_000;

/** As it was at the start: a terminal that is gone is none. */
const IS_ON_TERMINAL = [0, 1, 2].some((fd) => isatty(fd));

/** Calls `reread` whenever a process without a terminal gets SIGHUP, until the function that it returns is called. */
export function onHangUp(reread: () => void): () => void {
  const take = () => {
    if (!IS_ON_TERMINAL) reread();
  };
  process.on('SIGHUP', take);
  return () => void process.off('SIGHUP', take);
}

/**
 * Calls `stop` on the first signal that asks for it, and `end` on one that comes later, with the exit code that tells of
 * it. SIGHUP says that the terminal is gone; in a process that has none it asks for something else, see {@link onHangUp}.
 */
export function onStopSignals(
  stop: (signal: NodeJS.Signals) => void,
  end: (exitCode: number) => void = (exitCode) => process.exit(exitCode),
): void {
  let firstAtMs: number | undefined;
  const take = (signal: (typeof STOP_SIGNALS)[number]) => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) stop(signal);
    else if (nowMs - firstAtMs > REPEATED_SIGNAL_MS) end(128 + constants.signals[signal]);
    firstAtMs ??= nowMs;
  };
  for (const signal of STOP_SIGNALS) {
    // Node.js forgets that `nohup` had it ignored, so that without a listener it would end the process.
    const isMeant = signal !== 'SIGHUP' || IS_ON_TERMINAL;
    process.on(signal, () => isMeant && take(signal));
  }
}
