import { fork } from 'node:child_process';

/** How a process ended: an exit code, or the signal that ended it. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the system, ours to stop. */
export interface RunningProcess {
  readonly pid: number | undefined;
  /** Settles, and never rejects, when it has ended for whatever reason. */
  readonly exited: Promise<ProcessEnd>;
  /** Asks it to end and resolves when it has; by force after its grace. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Starts a Node.js program that shares our terminal and has a channel to us: when we die, however that happens, the
 * channel closes and the program ends itself.
 * @param graceMs how long it may take to end when it is asked to
 */
export function startServiceProcess(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  graceMs: number,
): RunningProcess {
  const child = fork(program, [], { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
  return {
    pid: child.pid,
    exited,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
