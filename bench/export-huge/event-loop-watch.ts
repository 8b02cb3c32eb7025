import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long events had to wait at most. */
export interface LongestDelays {
  /** The longest that a timer was late, for whatever reason. */
  readonly seenMs: number;
  /** The longest that the thread computed between two timers: other processes and the disk have no part in this one. */
  readonly ownMs: number;
}

const RESOLUTION_MS = 1;
const TICK_MS = 5;

/** Watches the event loop of this process. */
export class EventLoopWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #computedMs = computedMs();
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
    const computed = computedMs();
    this.#ownMs = Math.max(this.#ownMs, computed - this.#computedMs);
    this.#computedMs = computed;
  }
}

/** How long the main thread has had a core. Source: Linux, Documentation/scheduler/sched-stats.rst. */
function computedMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6;
}
