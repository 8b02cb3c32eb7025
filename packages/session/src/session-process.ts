import { type ChildProcess, fork } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./session-child.js', import.meta.url));

/** Whoever takes a process has the processor for himself for so long before the next one is started. */
const REPLACED_AFTER_MS = 2_000;

/** Starts a process that opens the model it is told to. */
export function forkSessionProcess(): ChildProcess {
  // The parent's flags (a debugger port, a test runner's loader) are not the child's.
  const child = fork(PROGRAM, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.on('error', () => {});
  // Passed on, not shared: native code waits for whoever reads what it prints.
  child.stderr?.on('data', (text: Buffer) => process.stderr.write(text));
  return child;
}

/**
 * One process that waits for a model, so that opening one need not wait for Node.js and onnxruntime to start. There is
 * none before the first was asked for: whoever starts has enough to do. It keeps nobody alive and ends with this process.
 */
export class SpareProcess {
  readonly #replacedAfterMs: number;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param replacedAfterMs time until there is a next one after one was taken */
  constructor(replacedAfterMs = REPLACED_AFTER_MS) {
    this.#replacedAfterMs = replacedAfterMs;
  }

  /** Process id of the one that waits, if one does. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Hands over the process that waits, or one that begins to start. */
  take(): ChildProcess {
    const child = this.#child;
    this.#child = undefined;
    this.#prepare();
    if (!child?.connected) return forkSessionProcess();
    for (const handle of handlesOf(child)) handle.ref();
    return child;
  }

  /** Ends the process that waits and starts none any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #prepare(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#child = forkSessionProcess();
      for (const handle of handlesOf(this.#child)) handle.unref();
    }, this.#replacedAfterMs);
    this.#timer.unref();
  }
}

/** What keeps this process alive while the child lives. */
function handlesOf(child: ChildProcess): Pick<ChildProcess, 'ref' | 'unref'>[] {
  const pipe = child.stderr instanceof Socket ? [child.stderr] : [];
  return [child, ...(child.channel ? [child.channel] : []), ...pipe];
}
