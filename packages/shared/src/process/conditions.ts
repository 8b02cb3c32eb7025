import { Gauge, type Registry } from 'prom-client';
import type { Condition, ConditionCode } from '../contracts/conditions.js';
import type { Logger } from './logger.js';

/** How often a condition that lasts is logged again. */
const REMINDER_MS = 3_600_000;

interface Raised {
  readonly condition: Condition;
  readonly reminder: NodeJS.Timeout;
}

/**
 * What is wrong with this process now. Whoever watches something raises a condition and clears it; it is logged at once,
 * when it changes, every hour while it lasts, and when it is over.
 */
export class Conditions {
  readonly #logger: Logger;
  readonly #raised = new Map<ConditionCode, Raised>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** What is wrong now, longest first. */
  get all(): readonly Condition[] {
    return [...this.#raised.values()].map(({ condition }) => condition);
  }

  has(code: ConditionCode): boolean {
    return this.#raised.has(code);
  }

  /**
   * Says that something is wrong; as often as it is seen.
   * @param message cause and cure in a sentence without secrets, which everybody may read
   */
  raise(code: ConditionCode, message: string): void {
    const before = this.#raised.get(code);
    if (before?.condition.message === message) return;
    clearInterval(before?.reminder);
    const log = () => this.#logger.warn({ condition: code }, message);
    const since = before?.condition.since ?? new Date().toISOString();
    this.#raised.set(code, { condition: { code, message, since }, reminder: setInterval(log, REMINDER_MS).unref() });
    log();
  }

  /** Says that something is well, whether it was wrong before or not. */
  clear(code: ConditionCode): void {
    const raised = this.#raised.get(code);
    if (raised === undefined) return;
    clearInterval(raised.reminder);
    this.#raised.delete(code);
    const { message, since } = raised.condition;
    this.#logger.info({ condition: code, since }, `Over: ${message}`);
  }

  /** Adds what is wrong to what `/metrics` shows. */
  measure(registry: Registry): void {
    const gauge: Gauge = new Gauge({
      name: 'caissa_condition',
      help: 'What is wrong with this process now, by code; 1 for each.',
      labelNames: ['code'],
      registers: [registry],
      collect: () => {
        gauge.reset();
        for (const code of this.#raised.keys()) gauge.set({ code }, 1);
      },
    });
  }
}
