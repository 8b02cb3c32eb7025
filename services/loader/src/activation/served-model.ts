import type { Activation, PointerState } from '@caissa/registry';
import type { Session } from '@caissa/session';
import type { Logger } from '@caissa/shared/process';
import type { LoaderEngine } from '../inference/loader-engine.js';
import { type Kept, SessionKeeper } from '../inference/session-keeper.js';
import type { SessionShelf } from '../models/session-shelf.js';

/** What a {@link ServedModel} works with. */
export interface ServedContext {
  /** Takes the sessions of models that were replaced, for going back. */
  readonly shelf: SessionShelf;
  readonly logger: Logger;
}

type Served = Kept & Activation;

/** The active model as this loader serves it, or that nothing is served because nothing is active. */
export class ServedModel {
  /** Keeps its session. */
  readonly keeper: SessionKeeper<Served>;
  readonly #context: ServedContext;
  readonly #engine: LoaderEngine;
  /** The generation of the unload since which nothing is served here. */
  #emptySince = 0;
  #losses = 0;

  /**
   * @param engine answers requests for the active model
   * @param reopen called when it is time to open it again
   */
  constructor(context: ServedContext, engine: LoaderEngine, reopen: () => void) {
    this.#context = context;
    this.#engine = engine;
    this.keeper = new SessionKeeper<Served>({
      onLoss: ({ pointer }) => {
        this.#losses++;
        engine.serveNothing();
        context.logger.warn({ model_name: pointer.model_name }, 'the session ended unexpectedly');
      },
      reopen,
      putAside: ({ pointer, session }) => {
        const { source_sha256: sha256 } = pointer;
        if (this.keeper.kept?.pointer.source_sha256 === sha256) return false;
        context.shelf.put(sha256, session);
        return true;
      },
    });
  }

  /** The activation that this loader has reached; 0 before the first, and while its model is lost. */
  get generation(): number {
    return this.keeper.kept?.generation ?? this.#emptySince;
  }

  /** Times that its process ended unasked. */
  get losses(): number {
    return this.#losses;
  }

  /** Serves a model that is active and open, or nothing after an unload. */
  serve({ generation, pointer }: PointerState, session?: Session): void {
    if (pointer !== null && session !== undefined) {
      this.#emptySince = 0;
      const model = this.#engine.serve({ generation, pointer }, session);
      this.keeper.keep({ generation, pointer, session, model });
      return;
    }
    this.#emptySince = generation;
    this.#engine.serveNothing();
    this.keeper.release();
    void this.#context.shelf.clear();
  }

  /** Serves nothing any more; settles when every process has ended. */
  async close(): Promise<void> {
    this.#engine.serveNothing();
    await this.keeper.close();
    await this.#context.shelf.clear();
  }
}
