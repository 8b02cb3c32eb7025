import { AsyncLocalStorage } from 'node:async_hooks';

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Gate {
  open(): void;
  fail(): void;
}

/** A process that is simulated: it goes on by one operation whenever the schedule says so. */
export interface Actor {
  readonly name: string;
  /** How far its clock is ahead of the others’. */
  readonly skewMs: number;
  /** Operations that it is about to perform. */
  readonly gates: Set<Gate>;
  isFrozen: boolean;
  isKilled: boolean;
  isDone: boolean;
}

/** What an operation of a killed process fails with: it has no effect any more. */
class Killed extends Error {}

/** Processes that take turns, operation by operation, as a seed has it. */
export class Schedule {
  readonly random: () => number;
  readonly actors: Actor[] = [];
  /** What happened, for who reads of a failure. */
  readonly log: string[] = [];
  readonly #context = new AsyncLocalStorage<Actor>();
  readonly #faults: unknown[] = [];
  /** Operations that are under way and are no step of their own. */
  #busy = 0;
  /** To be called when a process has come to its next operation or to its end. */
  #changed: () => void = () => {};

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  /** The process whose operation this is; undefined for the test itself. */
  get current(): Actor | undefined {
    return this.#context.getStore();
  }

  /** A number from 0 to `count` - 1. */
  pick(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** Starts a process. What it throws fails the test, unless it was killed. */
  start(name: string, work: () => Promise<void>): Actor {
    const skewMs = (this.pick(3) - 1) * 3_600_000;
    const actor: Actor = { name, skewMs, gates: new Set(), isFrozen: false, isKilled: false, isDone: false };
    this.actors.push(actor);
    void this.#context
      .run(actor, work)
      .catch((error: unknown) => actor.isKilled || this.#faults.push(error))
      .finally(() => {
        actor.isDone = true;
        this.#changed();
      });
    return actor;
  }

  /** Waits for the turn of the process whose operation this is. */
  async step(what: string): Promise<void> {
    const actor = this.current;
    if (actor === undefined) return;
    if (actor.isKilled) throw new Killed();
    await new Promise<void>((resolve, reject) => {
      const gate: Gate = {
        open: () => {
          this.log.push(`${actor.name} ${what}`);
          actor.gates.delete(gate);
          resolve();
        },
        fail: () => {
          actor.gates.delete(gate);
          reject(new Killed());
        },
      };
      actor.gates.add(gate);
      this.#changed();
    });
  }

  /** Lets an operation end before the next step. */
  async within<T>(operation: Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await operation;
    } finally {
      this.#busy--;
      this.#changed();
    }
  }

  kill(actor: Actor): void {
    this.log.push(`${actor.name} is killed`);
    actor.isKilled = true;
    for (const gate of [...actor.gates]) gate.fail();
  }

  /**
   * Performs an operation of one of the processes that are not frozen. Returns false if there is none.
   * @throws as `settle` does
   */
  async advance(): Promise<boolean> {
    await this.settle();
    const gates = this.actors.filter(({ isFrozen }) => !isFrozen).flatMap((actor) => [...actor.gates]);
    gates[this.pick(gates.length)]?.open();
    return gates.length > 0;
  }

  /** Waits until each process is at its next operation. @throws what one of them has thrown */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const isMoving = this.actors.some(({ isDone, gates }) => !isDone && gates.size === 0);
      if (this.#faults.length > 0) throw this.#faults[0];
      if (this.#busy === 0 && !isMoving) return;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}
