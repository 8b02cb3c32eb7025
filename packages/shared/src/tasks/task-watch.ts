import { residentBytes } from './resident-bytes.js';
import type { TaskLimits } from './task.js';
import { SIGN_OF_LIFE_MS } from './task-messages.js';

/**
 * Watches a process while it performs a task. Silence is counted in looks and not read from a clock: when this process
 * was held up or the whole machine slept, what was said meanwhile is heard before the next look.
 */
export class TaskWatch {
  readonly #pid: number;
  readonly #limits: TaskLimits;
  readonly #exceeded: (how: string) => void;
  readonly #timer: NodeJS.Timeout;
  #silentLooks: number;

  /**
   * @param isNew the process is about to start, which it may take its time for: silence counts from its first word on
   * @param exceeded told what the process does that no honest task would
   */
  constructor(pid: number, isNew: boolean, limits: TaskLimits, exceeded: (how: string) => void) {
    this.#silentLooks = isNew ? Number.NEGATIVE_INFINITY : 0;
    this.#pid = pid;
    this.#limits = limits;
    this.#exceeded = exceeded;
    this.#timer = setInterval(() => void this.#look(), SIGN_OF_LIFE_MS);
  }

  /** To be called when the process has said something. */
  heard(): void {
    this.#silentLooks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { silentMs, residentBytes: limitBytes } = this.#limits;
    if (++this.#silentLooks * SIGN_OF_LIFE_MS > silentMs) {
      this.#end(`it did not respond for ${silentMs / 1000} s`);
    }
    if (((await residentBytes(this.#pid)) ?? 0) > limitBytes) {
      this.#end(`it took more than ${Math.floor(limitBytes / 1e6)} MB of memory`);
    }
  }

  #end(how: string): void {
    this.stop();
    this.#exceeded(how);
  }
}
