import type { JobProgress } from '../contracts/index.js';

/** How a task is watched and stopped. */
export interface TaskControl {
  readonly signal: AbortSignal;
  /** Tells how far the task is. */
  report(progress: JobProgress): void;
  /** Settles if the task may still take effect: what it was given for may have passed to another. @throws why it may not */
  confirm(): Promise<void>;
}

/** Work that can be done in another process: what it is asked and what it gives is data that can be cloned. */
export type Task<Request, Result> = (request: Request, control: TaskControl) => Promise<Result>;

/** What a task is asked. */
export type RequestOf<T> = T extends Task<infer Request, unknown> ? Request : never;

/** What a task gives. */
export type ResultOf<T> = T extends Task<never, infer Result> ? Result : never;

/** What no task of honest data comes near to, so that a process which does can be ended. */
export interface TaskLimits {
  /** How long the event loop of a process may be busy without a pause. */
  readonly silentMs: number;
  /** Resident memory of a process; heeded where the system tells it, which is Linux. */
  readonly residentBytes: number;
  /** What objects of JavaScript may take, MiB. */
  readonly heapMib: number;
}

/** The process of a task ended, or was ended, before the task was done. */
export class TaskLostError extends Error {
  override readonly name = 'TaskLostError';
  /** How it came to that, as a clause about the task: `it took more than 512 MB of memory`. */
  readonly how: string;

  constructor(how: string) {
    super(`The task was lost: ${how}.`);
    this.how = how;
  }
}
