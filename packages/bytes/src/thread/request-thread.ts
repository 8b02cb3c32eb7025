import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';

interface Waiting<Reply> {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** Answers of a thread's program: what was asked for, or why it could not be had. */
export type ThreadAnswer<Reply> = { readonly reply: Reply } | { readonly error: ThreadError };

/** What crosses from a thread of an error. */
export interface ThreadError {
  readonly message: string;
  /** The system's code, such as `ENOSPC`. */
  readonly code?: string | undefined;
  /** The call that failed, such as `write`. */
  readonly syscall?: string | undefined;
}

/** A thread that answers requests one after the other. It keeps the process alive only while somebody waits for it. */
export class RequestThread<Request, Reply> {
  readonly #worker: Worker;
  /** In the order of their requests, which is that of the answers. */
  readonly #waiting: Waiting<Reply>[] = [];
  #lost: Error | undefined;

  /** @param program compiled code: a thread cannot run TypeScript */
  constructor(program: URL, resourceLimits: ResourceLimits = {}) {
    this.#worker = new Worker(program, { resourceLimits });
    this.#worker.on('message', (answer: ThreadAnswer<Reply>) => {
      this.#settle(answer);
      this.#hold();
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#hold();
  }

  /** Whether the thread has died and answers nobody any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** @throws Error with the system's `code` and `syscall`, if there are any */
  ask(request: Request, transfer: Transferable[] = []): Promise<Reply> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      // First, because it throws for what cannot be sent: nobody waits then.
      this.#worker.postMessage(request, transfer);
      this.#waiting.push({ resolve, reject });
      this.#hold();
    });
  }

  /** Ends the thread. Nobody may wait for it. */
  end(): void {
    void this.#worker.terminate();
  }

  #settle(answer: ThreadAnswer<Reply>): void {
    const waiting = this.#waiting.shift();
    if ('reply' in answer) waiting?.resolve(answer.reply);
    else waiting?.reject(Object.assign(new Error(answer.error.message), answer.error));
  }

  #hold(): void {
    if (this.#waiting.length > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#lost = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** A worker has two exports at once, unless it is told otherwise; what more of them leave behind is not kept. */
const MOST_IDLE = 2;

/** Threads of one program, of which some wait for the next user: starting one takes as long as exporting a small model. */
export class ThreadPool<Request, Reply> {
  readonly #program: URL;
  readonly #limits: ResourceLimits;
  readonly #idle: RequestThread<Request, Reply>[] = [];

  constructor(program: URL, limits: ResourceLimits) {
    this.#program = program;
    this.#limits = limits;
  }

  /** Has a thread start that the next user need not wait for. */
  prepare(): void {
    if (this.#idle.length === 0) this.giveBack(this.take());
  }

  /** A thread that nobody else uses until it is given back. */
  take(): RequestThread<Request, Reply> {
    return this.#idle.pop() ?? new RequestThread(this.#program, this.#limits);
  }

  /** Ends the use of a thread. Nobody may wait for it. */
  giveBack(thread: RequestThread<Request, Reply>): void {
    if (!thread.isLost && this.#idle.length < MOST_IDLE) this.#idle.push(thread);
    else thread.end();
  }
}
