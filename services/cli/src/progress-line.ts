import { printable, type Terminal } from './terminal.js';

/** Between two changes of the line: more often nobody sees. */
const INTERVAL_MS = 100;
const BAR_WIDTH = 24;

/** One line at the bottom of a terminal that shows how far the work is. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #isShown: boolean;
  #shownAt = 0;
  #isDirty = false;

  /** @param isWanted whether there shall be one, if there is a terminal */
  constructor(terminal: Terminal, isWanted: boolean) {
    this.#terminal = terminal;
    this.#isShown = isWanted && terminal.isInteractive;
  }

  /** Shows how far something is. */
  show(what: string, stage: string, percent: number): void {
    const now = Date.now();
    if (!this.#isShown || now - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = now;
    this.#isDirty = true;
    const filled = Math.round((BAR_WIDTH * percent) / 100);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const line = `${bar} ${String(Math.floor(percent)).padStart(3)}% ${stage} ${printable(what)}`;
    this.#terminal.err(`\r\u001b[K${line.slice(0, this.#terminal.columns - 1)}`);
  }

  /** Takes the line away, for what stays. */
  clear(): void {
    if (this.#isDirty) this.#terminal.err('\r\u001b[K');
    this.#isDirty = false;
  }
}
