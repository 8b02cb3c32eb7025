import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEnd, RunningProcess } from './service-process.js';

/** When a process that ended is started again, and when no more. */
export interface RestartPolicy {
  /** Wait before the first restart; it doubles with each quick end up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** A process that ran at least so long had started well. */
  readonly quickEndMs: number;
  /** After so many quick ends in a row it is failing: one that nothing works without is given up. */
  readonly maxQuickEnds: number;
  /** Exit codes that mean that another try would end the same. */
  readonly hopelessCodes: readonly number[];
}

/** What is supervised, and who hears of it. */
export interface Supervision {
  readonly name: string;
  readonly start: () => Promise<RunningProcess>;
  readonly policy: RestartPolicy;
  /** Whether nothing works without it. */
  readonly essential: boolean;
  /** Takes a line when the process ended and is started again, when it is failing, and when it runs again. */
  readonly say: (line: string) => void;
  /** Takes the sentence that says why the process is given up. */
  readonly giveUp: (sentence: string) => void;
}

/** A process that is kept running. */
export interface Supervised {
  /** The process that runs now; undefined between an end and the restart. */
  readonly pid: number | undefined;
  /** Ends the process and the supervision. */
  stop(): Promise<void>;
  /** The same, at once and by force. */
  kill(): void;
}

function describeEnd({ code, signal }: ProcessEnd): string {
  if (signal) return `was ended by ${signal}`;
  return code === null ? 'ended' : `ended with exit code ${code}`;
}

/** Keeps one process running: the loop that waits for its end, and what ends the loop. */
class Supervisor implements Supervised {
  readonly #supervision: Supervision;
  readonly #stopping = new AbortController();
  #process: RunningProcess | undefined;
  #starts = 1;
  #quickEnds = 0;

  constructor(supervision: Supervision, first: RunningProcess) {
    this.#supervision = supervision;
    this.#process = first;
    void this.#keepRunning(first);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop();
  }

  kill(): void {
    this.#stopping.abort();
    this.#process?.kill();
  }

  get #isFailing(): boolean {
    return this.#quickEnds >= this.#supervision.policy.maxQuickEnds;
  }

  async #keepRunning(first: RunningProcess): Promise<void> {
    let running: RunningProcess | undefined = first;
    while (running !== undefined) running = await this.#startAfter(running);
  }

  /** Waits for the end of a process and starts the next one; undefined when there shall be none. */
  async #startAfter(running: RunningProcess): Promise<RunningProcess | undefined> {
    const { name, say, giveUp } = this.#supervision;
    const end = await this.#endOf(running);
    this.#process = undefined;
    if (this.#stopping.signal.aborted) return undefined;
    const reason = this.#reasonToGiveUp(end);
    if (reason !== undefined) {
      giveUp(reason);
      return undefined;
    }
    say(
      this.#isFailing
        ? `The ${name} is failing: it ${describeEnd(end)}, ${this.#quickEnds} times in a row soon after its start. It is started again; the rest runs on.`
        : `The ${name} ${describeEnd(end)} and is started again.`,
    );
    return this.#restart();
  }

  async #endOf(running: RunningProcess): Promise<ProcessEnd> {
    const { name, policy, say } = this.#supervision;
    const startedAt = Date.now();
    const sayRecovered = () => say(`The ${name} runs again.`);
    const recovered = this.#isFailing ? setTimeout(sayRecovered, policy.quickEndMs) : undefined;
    const end = await running.exited;
    clearTimeout(recovered);
    this.#quickEnds = Date.now() - startedAt < policy.quickEndMs ? this.#quickEnds + 1 : 1;
    return end;
  }

  #reasonToGiveUp(end: ProcessEnd): string | undefined {
    const { name, policy, essential } = this.#supervision;
    // What has run before was not refused for what it was told; its port may be taken for a while, for example.
    const isFatal = essential || this.#starts === 1;
    if (isFatal && end.code !== null && policy.hopelessCodes.includes(end.code)) {
      return `The ${name} cannot run with this configuration; it says why above.`;
    }
    if (!essential || !this.#isFailing) return undefined;
    return `The ${name} ${describeEnd(end)}, ${this.#quickEnds} times in a row soon after its start; it is given up.`;
  }

  async #restart(): Promise<RunningProcess | undefined> {
    const { name, start, policy, giveUp } = this.#supervision;
    const backoffMs = Math.min(policy.backoffMs * 2 ** (this.#quickEnds - 1), policy.maxBackoffMs);
    try {
      await delay(backoffMs, undefined, { signal: this.#stopping.signal });
      const running = await start();
      this.#starts++;
      this.#process = running;
      // Stopped while it was starting: nobody else knows this process yet.
      if (this.#stopping.signal.aborted) await running.stop();
      return running;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#stopping.signal.aborted) giveUp(`The ${name} cannot be started again: ${reason}`);
      return undefined;
    }
  }
}

/** Starts a process and keeps it running until it is stopped or given up; rejects if the first start does. */
export async function supervise(supervision: Supervision): Promise<Supervised> {
  return new Supervisor(supervision, await supervision.start());
}
