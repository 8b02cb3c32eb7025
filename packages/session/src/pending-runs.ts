import { SessionError } from './session-error.js';
import type { FloatTensors, SessionReply } from './session-messages.js';

interface PendingRun {
  resolve(outputs: FloatTensors): void;
  reject(error: SessionError): void;
}

/**
 * Runs that wait for their answer, oldest first. The process answers in order, so only the oldest has a clock: time in
 * the queue is not held against a run. When that clock runs out nothing can be known of the process and it is ended.
 */
export class PendingRuns {
  readonly #timeoutMs: number;
  readonly #endProcess: () => void;
  readonly #runs = new Map<number, PendingRun>();
  #nextId = 1;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, endProcess: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#endProcess = endProcess;
  }

  /** A new run's number, and the promise that its answer settles. */
  add(): { id: number; outputs: Promise<FloatTensors> } {
    const id = this.#nextId++;
    const outputs = new Promise<FloatTensors>((resolve, reject) => this.#runs.set(id, { resolve, reject }));
    if (this.#runs.size === 1) this.#startClock();
    return { id, outputs };
  }

  /** Gives a reply to the run it answers. */
  settle(reply: SessionReply): void {
    if (reply.type === 'opened' || reply.id === undefined) return;
    const run = this.#runs.get(reply.id);
    this.#runs.delete(reply.id);
    this.#startClock();
    if (reply.type === 'ran') run?.resolve(reply.outputs);
    else run?.reject(new SessionError(reply.code, reply.message));
  }

  /** Fails every run that waits. */
  rejectAll(error: SessionError): void {
    clearTimeout(this.#timer);
    for (const run of this.#runs.values()) run.reject(error);
    this.#runs.clear();
  }

  #startClock(): void {
    clearTimeout(this.#timer);
    if (this.#runs.size === 0) return;
    this.#timer = setTimeout(() => {
      this.rejectAll(new SessionError('SESSION_TIMEOUT', `A run took longer than ${this.#timeoutMs} ms.`));
      this.#endProcess();
    }, this.#timeoutMs);
  }
}
