import type { Session, SessionExit } from '@caissa/session';
import type { ActivePointer } from '@caissa/shared';

/** The model that this loader answers with. */
export interface ServedModel {
  readonly generation: number;
  readonly pointer: ActivePointer;
  readonly session: Session;
}

/** Told when the process of the served model ended without being asked to. */
export type LossListener = (lost: ServedModel, exit: SessionExit) => void;

/** Holds the one model that is served, and exchanges it without a moment in which there is none. */
export class ServedSlot {
  readonly #onLoss: LossListener;
  #model: ServedModel | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(onLoss: LossListener) {
    this.#onLoss = onLoss;
  }

  /** The model that is served now, if any. */
  get model(): ServedModel | undefined {
    return this.#model;
  }

  /** Serves `next` from now on. The one before finishes its runs and is closed meanwhile. */
  replace(next: ServedModel): void {
    const before = this.#model;
    this.#model = next;
    void next.session.exited.then((exit) => {
      if (this.#model !== next) return;
      this.#model = undefined;
      this.#onLoss(next, exit);
    });
    if (before) this.#close(before);
  }

  /** Serves nothing any more; settles when every process has ended. */
  async close(): Promise<void> {
    const model = this.#model;
    this.#model = undefined;
    if (model) this.#close(model);
    await Promise.all(this.#closing);
  }

  #close({ session }: ServedModel): void {
    const closed = session.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
