import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long events had to wait at most. */
export interface LongestDelays {
  /** The longest that a timer was late, for whatever reason. */
  readonly seenMs: number;
  /** The longest that it was late while the thread had a core: other processes have no part in this one. */
  readonly ownMs: number;
}

const RESOLUTION_MS = 1;
const TICK_MS = 5;

/** Watches the event loop of this process. */
export class EventLoopWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #tickedAt = performance.now();
  #waitedMs = waitedForCoreMs();
  #ownMs = 0;

  constructor() {
    this.#delays.enable();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ends it. */
  stop(): LongestDelays {
    this.#tick();
    clearInterval(this.#timer);
    this.#delays.disable();
    return { seenMs: this.#delays.max / 1e6 - RESOLUTION_MS, ownMs: this.#ownMs };
  }

  #tick(): void {
    const [now, waited] = [performance.now(), waitedForCoreMs()];
    this.#ownMs = Math.max(this.#ownMs, now - this.#tickedAt - TICK_MS - (waited - this.#waitedMs));
    this.#tickedAt = now;
    this.#waitedMs = waited;
  }
}

/** How long the main thread has been ready to run without a core. Source: Linux, Documentation/scheduler/sched-stats.rst. */
function waitedForCoreMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
}
