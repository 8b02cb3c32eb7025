import { type ChildProcess, fork } from 'node:child_process';
import { AppError } from '../errors/index.js';
import { residentBytes } from './resident-bytes.js';
import { type TaskControl, type TaskLimits, TaskLostError } from './task.js';
import type { TaskOrder, TaskOutcome, TaskReply } from './task-messages.js';
import { TaskWatch } from './task-watch.js';
import { fromThrownData, toThrownData } from './thrown-data.js';

/** How long a task that was aborted may take to put things in order before its process is ended. */
const ABORT_GRACE_MS = 2_000;

interface Exit {
  readonly type: 'exit';
  /** As {@link TaskLostError} has it. */
  readonly how: string;
}

/** A process that performs one task at a time. It ends with this process. */
export class TaskProcess {
  readonly #child: ChildProcess;
  readonly #limits: TaskLimits;
  readonly #exited: Promise<Exit>;
  /** What it was ended for. */
  #reason: string | undefined;
  #isNew = true;
  #residentBytes = 0;

  /** @param program path of a program that calls `serveTasks` */
  constructor(program: string, limits: TaskLimits) {
    // The parent's flags (a debugger port, a test runner's loader) are not the child's; what there is to warn of, the
    // parent has said.
    this.#child = fork(program, [], {
      execArgv: [`--max-old-space-size=${limits.heapMib}`, '--no-warnings'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    // Passed on, not shared: native code waits for whoever reads what it prints.
    this.#child.stderr?.on('data', (text: Buffer) => process.stderr.write(text));
    this.#child.once('message', () => {
      this.#isNew = false;
    });
    this.#limits = limits;
    this.#exited = new Promise((resolve) => {
      const exit = (how: string) => resolve({ type: 'exit', how: this.#reason ?? how });
      this.#child.once('exit', (code, signal) =>
        exit(`its process ended ${signal ? endedBy(signal) : `with code ${code}`}`),
      );
      // A process that could not be started has no exit event.
      this.#child.on('error', () => this.#child.pid === undefined && exit('its process could not be started'));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it can perform another task: it lives, and has not grown to half of what it may take. */
  get isFit(): boolean {
    return this.#child.connected && !this.#child.killed && this.#residentBytes < this.#limits.residentBytes / 2;
  }

  /**
   * Performs a task of the program.
   * @throws what the task throws; TaskLostError; AppError WORKERS_BUSY if the process could not be started, for which no
   * task is to blame; the signal's reason
   */
  async perform(task: string, request: unknown, control: TaskControl): Promise<unknown> {
    const { signal } = control;
    signal.throwIfAborted();
    let killing: NodeJS.Timeout | undefined;
    const abort = () => {
      this.#send({ type: 'abort' });
      killing = setTimeout(() => this.kill(), ABORT_GRACE_MS);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const outcome = await this.#outcomeOf({ type: 'perform', task, request }, control);
      if (outcome.type === 'done') return outcome.result;
      signal.throwIfAborted();
      if (outcome.type === 'failed') throw fromThrownData(outcome.thrown);
      throw this.#isNew ? notStarted(outcome.how) : new TaskLostError(outcome.how);
    } finally {
      clearTimeout(killing);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #outcomeOf(order: TaskOrder, control: TaskControl): Promise<TaskOutcome | Exit> {
    const watch = new TaskWatch(this.#child.pid ?? 0, this.#isNew, this.#limits, (how) => {
      this.#reason = how;
      this.kill();
    });
    let listen: (reply: TaskReply) => void = () => {};
    try {
      const answered = new Promise<TaskOutcome>((resolve) => {
        listen = (reply) => {
          watch.heard();
          if (reply.type === 'progress') control.report(reply.progress);
          else if (reply.type === 'confirm') void this.#confirm(reply.question, control);
          else if (reply.type !== 'alive') resolve(reply);
        };
      });
      this.#child.on('message', listen);
      this.#send(order);
      return await Promise.race([answered, this.#exited]);
    } finally {
      this.#child.off('message', listen);
      watch.stop();
      void this.#measure();
    }
  }

  async #confirm(question: number, { confirm }: TaskControl): Promise<void> {
    const refusal = await confirm().then(() => undefined, toThrownData);
    this.#send({ type: 'confirmed', question, refusal });
  }

  async #measure(): Promise<void> {
    this.#residentBytes = (await residentBytes(this.#child.pid ?? 0)) ?? 0;
  }

  /** An order to a process that has just ended is lost; its exit settles what waits for the outcome. */
  #send(order: TaskOrder): void {
    if (this.#child.connected) this.#child.send(order, () => {});
  }
}

/** V8 aborts a process whose heap is full, and the system kills one for which it has no memory. */
function endedBy(signal: NodeJS.Signals): string {
  const isForMemory = signal === 'SIGABRT' || signal === 'SIGKILL';
  return `by ${signal}${isForMemory ? ', most likely for want of memory' : ''}`;
}

function notStarted(how: string): AppError {
  return new AppError('WORKERS_BUSY', `No process could be started for the work: ${how}. The log says why.`);
}
