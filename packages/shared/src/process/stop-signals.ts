import { constants } from 'node:os';
import { isatty } from 'node:tty';

/** What people, terminals and service managers stop a process with. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm and the launcher pass on a Ctrl-C that the terminal has sent already; a second one from a person comes later. */
const REPEATED_SIGNAL_MS = 1_000;

/**
 * Calls `stop` on the first signal that asks for it, and `end` on one that comes later, with the exit code that tells of
 * it. SIGHUP says that the terminal is gone, and means nothing to a process that has none, such as one under `nohup`.
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
  const isOnTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of STOP_SIGNALS) {
    // Node.js forgets that `nohup` had it ignored, so that without a listener it would end the process.
    const isMeant = signal !== 'SIGHUP' || isOnTerminal;
    process.on(signal, () => isMeant && take(signal));
  }
}
