import type { ExpectedArchitecture } from '@caissa/chess';
import { toIsoSeconds } from '@caissa/formats';
import type { WorkItem } from '@caissa/queue';
import type { Heartbeat, PointerMove, PointerState } from '@caissa/registry';
import type { Session } from '@caissa/session';
import { toAppError } from '@caissa/shared/errors';
import pLimit from 'p-limit';
import type { LoaderEngine } from '../inference/loader-engine.js';
import { type OpenContext, type OpenedModel, openModel } from '../models/open-model.js';
import { PERCENT } from '../models/percent.js';
import { type NotesContext, withNotes } from './activation-notes.js';
import { ServedModel } from './served-model.js';

/** What a {@link Replica} works with. */
export interface ReplicaContext extends OpenContext, NotesContext {
  /** What a model must be before it is activated. */
  readonly expected: ExpectedArchitecture;
}

/** An activation that this replica has made; without a model if it left nothing active. */
export interface Activated {
  readonly move: PointerMove;
  readonly opened?: OpenedModel;
}

/** What a replica tells of itself in its heartbeat. */
export type ReplicaStatus = Pick<Heartbeat, 'state' | 'model_name' | 'generation' | 'problem'> & {
  readonly session: Session | undefined;
};

type LoadItem = WorkItem<'load'>;

/**
 * A loader as one of many that serve the same model. It moves the active pointer for load jobs, and follows it: whenever
 * the model that it serves is not the one that is active, because another loader moved the pointer or because its own
 * session died, it opens the active one beside the old and then exchanges them. What fails is tried again, ever less
 * often, and the old one serves on. Only one of all this happens at a time.
 */
export class Replica {
  readonly #context: ReplicaContext;
  readonly #oneJobAtATime = pLimit(1);
  readonly #oneAtATime = pLimit(1);
  readonly #served: ServedModel;
  readonly #stopping = new AbortController();
  /** The generation that the pauses are counted for. */
  #wanted = 0;
  #opening = false;
  #problem: string | null = null;
  #following: Promise<void> | undefined;

  /** @param engine answers requests for the active model */
  constructor(context: ReplicaContext, engine: LoaderEngine) {
    this.#context = context;
    this.#served = new ServedModel(context, engine, () => void this.follow());
  }

  /** What to tell others. */
  get status(): ReplicaStatus {
    const { generation, keeper } = this.#served;
    return {
      state: this.#state,
      model_name: keeper.kept?.pointer.model_name ?? null,
      generation,
      problem: this.#problem,
      session: keeper.kept?.session,
    };
  }

  /** Times that the process of the served model ended unasked. */
  get sessionRestarts(): number {
    return this.#served.losses;
  }

  /** Whether this loader serves what is active; also when nothing is, and it has let go of the model before. */
  get isCurrent(): boolean {
    return this.#hasCaughtUp && this.#context.pointer.activeName !== undefined;
  }

  /** Whether it is where the pointer was when it was last seen, if it was. */
  get #hasCaughtUp(): boolean {
    return this.#context.pointer.known.generation === this.#served.generation;
  }

  /**
   * Makes the model of a load job the active one and serves it, or leaves nothing active. Until the pointer has moved,
   * everybody serves the model before; a job that fails has changed nothing. Of several that were requested the last one
   * wins: an earlier one ends as SUPERSEDED.
   * @throws AppError as opening a model does, SUPERSEDED, JOB_LOST, REDIS_UNAVAILABLE; the reason of the job's signal
   */
  activate(item: LoadItem): Promise<Activated> {
    return this.#oneJobAtATime(async () => {
      await this.#context.pointer.look();
      // Notes wait while Redis is away; what is served does not.
      return withNotes(this.#context, item, () => this.#oneAtATime(() => this.#whileOpening(() => this.#move(item))));
    });
  }

  /** Looks at the active pointer and catches up with it if need be. Never rejects; calls while it runs join it. */
  follow(): Promise<void> {
    this.#following ??= this.#oneAtATime(() => this.#catchUp())
      .then(() => this.#context.shelf.trim())
      .finally(() => {
        this.#following = undefined;
      });
    return this.#following;
  }

  /** Ends what is being opened, and every session after its runs. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#oneAtATime(() => this.#served.close());
  }

  async #move(item: LoadItem): Promise<Activated> {
    item.signal.throwIfAborted();
    await this.#context.pointer.refuseIfSuperseded(moveOf(item));
    return item.data.kind === 'unload' ? this.#unload(item) : this.#load(item);
  }

  async #load(item: LoadItem): Promise<Activated> {
    const { signal, report, data } = item;
    const { expected } = this.#context;
    const only = data.target === undefined ? { expected } : { onlyIf: data.target.source_sha256 };
    const opened = await openModel(this.#context, data.model_name, { signal, report, ...only });
    try {
      signal.throwIfAborted();
      report({ stage: 'publishing', percent: PERCENT.publishing });
      const move = await this.#context.pointer.activate(pointerTo(opened, item), moveOf(item));
      this.#serve(move.state, opened.session);
      await this.#prune(opened.sha256);
      return { move, opened };
    } catch (error) {
      await opened.session.close();
      throw error;
    }
  }

  async #unload(item: LoadItem): Promise<Activated> {
    item.report({ stage: 'publishing', percent: PERCENT.publishing });
    const move = await this.#context.pointer.deactivate(moveOf(item));
    this.#serve(move.state);
    return { move };
  }

  async #catchUp(): Promise<void> {
    const { logger } = this.#context;
    const { keeper } = this.#served;
    const { signal } = this.#stopping;
    const target = await this.#context.pointer.look();
    if (target.generation !== this.#wanted) keeper.forgive();
    this.#wanted = target.generation;
    if (this.#hasCaughtUp || signal.aborted || !keeper.isDue) return;
    const { generation, pointer } = target;
    if (pointer === null) {
      this.#serve(target);
      logger.info({ generation }, 'nothing is active');
      return;
    }
    const { model_name, source_sha256: sha256 } = pointer;
    try {
      const opening = () => openModel(this.#context, model_name, { signal, onlyIf: sha256 });
      const { session } = await this.#whileOpening(opening);
      this.#serve(target, session);
      logger.info({ model_name, generation }, 'serving the active model');
      await this.#prune(sha256);
    } catch (error) {
      if (signal.aborted) return;
      keeper.failed();
      this.#problem = toAppError(error).message;
      logger.warn({ err: error, model_name }, 'the active model could not be opened');
    }
  }

  #serve(state: PointerState, session?: Session): void {
    this.#problem = null;
    this.#served.serve(state, session);
  }

  /** Removes converted models, all but what is served, what a rollback may need, and the newest ones. Failing is logged. */
  async #prune(sha256: string): Promise<void> {
    const { journal, converted, logger } = this.#context;
    try {
      await converted.prune(new Set([sha256, ...(await journal.goodDigests())]));
    } catch (error) {
      logger.warn({ err: error }, 'converted models could not be removed');
    }
  }

  async #whileOpening<T>(work: () => Promise<T>): Promise<T> {
    this.#opening = true;
    try {
      return await work();
    } finally {
      this.#opening = false;
    }
  }

  get #state(): Heartbeat['state'] {
    if (this.#opening) return 'opening';
    if (this.#problem !== null) return 'failed';
    if (this.#served.keeper.kept !== undefined) return 'ready';
    return this.isCurrent ? 'idle' : 'opening';
  }
}

function moveOf({ id, data, lock }: LoadItem) {
  return { jobId: id, sequence: data.sequence, lock };
}

function pointerTo({ version, metadata, sha256 }: OpenedModel, { id, data }: LoadItem) {
  return {
    model_name: data.model_name,
    version,
    source_sha256: sha256,
    metadata,
    load_date: toIsoSeconds(new Date()),
    job_id: id,
    ...(data.requested_by === undefined ? {} : { requested_by: data.requested_by }),
  };
}
