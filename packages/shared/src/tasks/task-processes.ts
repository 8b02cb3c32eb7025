import type { RequestOf, ResultOf, TaskControl, TaskLimits } from './task.js';
import { TaskProcess } from './task-process.js';

/** How long a process that need not stay waits for its next task. */
const IDLE_MS = 60_000;

/**
 * Performs the tasks of a program, each in a process that performs no other meanwhile. Processes are used again.
 */
export class TaskProcesses<Tasks> {
  readonly #program: string;
  readonly #limits: TaskLimits;
  readonly #readyCount: number;
  /** Those that wait, the one that was used last at the end. */
  readonly #waiting = new Map<TaskProcess, NodeJS.Timeout>();
  readonly #working = new Set<TaskProcess>();
  #closed = false;

  /**
   * @param program path of a program that calls `serveTasks`
   * @param readyCount processes that wait when none works, from the start on; the others are started at need and end when idle
   */
  constructor(program: string, limits: TaskLimits, readyCount: 0 | 1) {
    this.#program = program;
    this.#limits = limits;
    this.#readyCount = readyCount;
    this.#prepare();
  }

  /** Process ids, of those at work first. */
  get pids(): number[] {
    return [...this.#working, ...this.#waiting.keys()].flatMap(({ pid }) => pid ?? []);
  }

  /** Performs a task. @throws what the task throws; TaskLostError if its process ended; the signal's reason */
  async perform<Name extends keyof Tasks & string>(
    name: Name,
    request: RequestOf<Tasks[Name]>,
    control: TaskControl,
  ): Promise<ResultOf<Tasks[Name]>> {
    const process = this.#take();
    try {
      return (await process.perform(name, request, control)) as ResultOf<Tasks[Name]>;
    } finally {
      this.#giveBack(process);
    }
  }

  /** Ends all processes, and starts none any more. */
  close(): void {
    this.#closed = true;
    for (const process of this.#working) process.kill();
    for (const process of [...this.#waiting.keys()]) this.#end(process);
  }

  #take(): TaskProcess {
    if (this.#closed) throw new Error('the processes were ended');
    let process = [...this.#waiting.keys()].at(-1);
    while (process !== undefined && !process.isFit) {
      this.#end(process);
      process = [...this.#waiting.keys()].at(-1);
    }
    if (process !== undefined) {
      clearTimeout(this.#waiting.get(process));
      this.#waiting.delete(process);
    }
    process ??= new TaskProcess(this.#program, this.#limits);
    this.#working.add(process);
    return process;
  }

  #giveBack(process: TaskProcess): void {
    this.#working.delete(process);
    if (process.isFit && !this.#closed) this.#keepWaiting(process);
    else process.kill();
    this.#prepare();
  }

  /** Sees to it that the process waits that is to wait when none works. */
  #prepare(): void {
    const areEnough = this.#waiting.size + this.#working.size >= this.#readyCount;
    if (!areEnough && !this.#closed) this.#keepWaiting(new TaskProcess(this.#program, this.#limits));
  }

  #keepWaiting(process: TaskProcess): void {
    const timer = setTimeout(() => this.#waiting.size > this.#readyCount && this.#end(process), IDLE_MS);
    timer.unref();
    this.#waiting.set(process, timer);
  }

  #end(process: TaskProcess): void {
    clearTimeout(this.#waiting.get(process));
    this.#waiting.delete(process);
    process.kill();
  }
}
