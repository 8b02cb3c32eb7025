import type { ActivePointer } from '@caissa/registry';
import type { Session, SessionExit } from '@caissa/session';
import { withTimeout } from '@caissa/shared/process';

import type { SessionShelf } from '../models/session-shelf.js';

/** Longest time that requests taken for a model may keep its session open after it was replaced. */
const DRAIN_LIMIT_MS = 30_000;

/** The model that this loader answers with. */
export interface ServedModel {
  readonly generation: number;
  readonly pointer: ActivePointer;
  readonly session: Session;
}

/** Where requests meet the served model. The old model answers until `serve` has returned, and what it has taken until `drain` settles. */
export interface ServingGate {
  /** Sends requests that come from now on to this model, or refuses them where nothing is served. Must not throw. */
  serve(model: ServedModel | undefined): void;
  /** Settles when all requests that were taken for a model have been answered; its session is closed then. */
  drain(model: ServedModel): Promise<void>;
}

/** Told when the process of the served model ended without being asked to. */
export type LossListener = (lost: ServedModel, exit: SessionExit) => void;

/** Holds the one model that is served, and exchanges it without a moment in which there is none. */
export class ServedSlot {
  readonly #onLoss: LossListener;
  readonly #gate: ServingGate | undefined;
  readonly #shelf: SessionShelf | undefined;
  #model: ServedModel | undefined;
  #ended = false;
  readonly #closing = new Set<Promise<void>>();

  /** @param shelf takes sessions of models that were replaced; without one they are closed */
  constructor(onLoss: LossListener, gate?: ServingGate, shelf?: SessionShelf) {
    this.#onLoss = onLoss;
    this.#gate = gate;
    this.#shelf = shelf;
  }

  /** The model that is served now, if any. */
  get model(): ServedModel | undefined {
    return this.#model;
  }

  /** Serves `next` from now on. The one before finishes its runs, and is then put on the shelf. */
  replace(next: ServedModel): void {
    const before = this.#model;
    this.#model = next;
    this.#gate?.serve(next);
    void next.session.exited.then((exit) => {
      if (this.#model !== next) return;
      this.#model = undefined;
      this.#gate?.serve(undefined);
      this.#onLoss(next, exit);
    });
    if (before) this.#close(before, this.#shelf);
  }

  /** Serves nothing from now on. The model before finishes its runs and is closed meanwhile. */
  clear(): void {
    const model = this.#model;
    if (model === undefined) return;
    this.#model = undefined;
    this.#gate?.serve(undefined);
    this.#close(model);
  }

  /** Serves nothing any more; settles when every process has ended. */
  async close(): Promise<void> {
    this.#ended = true;
    this.clear();
    await Promise.all(this.#closing);
  }

  #close(model: ServedModel, shelf?: SessionShelf): void {
    const closed = this.#drainAndClose(model, shelf).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async #drainAndClose(model: ServedModel, shelf: SessionShelf | undefined): Promise<void> {
    try {
      await withTimeout(this.#gate?.drain(model) ?? Promise.resolve(), DRAIN_LIMIT_MS);
      const { source_sha256: sha256 } = model.pointer;
      const isNeeded = !this.#ended && this.#model?.pointer.source_sha256 !== sha256;
      if (shelf && isNeeded) shelf.put(sha256, model.session);
      else await model.session.close();
    } catch {
      await model.session.close();
    }
  }
}
