import { setTimeout as delay } from 'node:timers/promises';
import { until } from './system.js';

const FEN = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

/** What a player was told. */
export interface Answered {
  readonly model_name: string;
  readonly generation: number;
  readonly value: number;
}

/** Asks a system for one evaluation. @throws Error for anything but 200 */
export async function evaluate(url: string): Promise<Answered> {
  const response = await fetch(`${url}/api/model/evaluate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fen: FEN }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
  const [position] = (JSON.parse(text) as { positions: Answered[] }).positions;
  if (position === undefined) throw new Error(`no position was answered: ${text}`);
  return position;
}

/** Players who ask again and again, and what all of them were told. */
export class EvaluationLoad {
  readonly answers: Answered[] = [];
  readonly failures: string[] = [];
  /** How long the slowest answer took. */
  worstMs = 0;
  readonly #done: Promise<unknown>;
  #stopped = false;

  /** @param pauseMs how long each player thinks between two questions */
  constructor(url: string, players: number, pauseMs: number) {
    this.#done = Promise.all(Array.from({ length: players }, () => this.#play(url, pauseMs)));
  }

  /** Waits until so many more answers have come, of the models that `which` says. */
  async untilAnswered(count: number, which: (answer: Answered) => boolean = () => true): Promise<void> {
    const from = this.answers.length;
    await until(`${count} more answers`, () => this.answers.slice(from).filter(which).length >= count);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #play(url: string, pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      const askedMs = performance.now();
      try {
        this.answers.push(await evaluate(url));
      } catch (error) {
        this.failures.push(String(error));
      }
      this.worstMs = Math.max(this.worstMs, performance.now() - askedMs);
      await delay(pauseMs);
    }
  }
}
