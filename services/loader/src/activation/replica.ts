import type { Heartbeat, PointerState } from '@caissa/registry';
import type { Session } from '@caissa/session';
import { toAppError } from '@caissa/shared/errors';
import type { LoaderContext } from '../context.js';
import { BackOff } from '../models/back-off.js';
import { pruneConverted } from '../models/prune-converted.js';
import { reopenModel } from '../models/reopen-model.js';
import { Mutex } from './mutex.js';
import { type ServedModel, ServedSlot, type ServingGate } from './served-model.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A session that lived this long was not to blame for its end. */
const STABLE_AFTER_MS = 60_000;

/** What a replica tells of itself in its heartbeat. */
export type ReplicaStatus = Pick<Heartbeat, 'state' | 'model_name' | 'generation' | 'problem'> & {
  readonly session: Session | undefined;
};

/**
 * A loader as one of many that serve the same model. It follows the active pointer: whenever the model that it serves is
 * not the one that is active, because another loader moved the pointer or because its own session died, it opens the
 * active one beside the old and then exchanges them. What fails is tried again, ever less often, and the old one serves
 * on. A load job on this loader and the following take turns: only one of them opens a model at a time.
 */
export class Replica {
  readonly #context: LoaderContext;
  readonly #mutex = new Mutex();
  readonly #slot: ServedSlot;
  readonly #backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  readonly #stopping = new AbortController();
  /** The generation that the pauses are counted for. */
  #wanted = 0;
  /** The generation of the unload since which nothing is served here. */
  #emptySince = 0;
  #adoptedAtMs = 0;
  #losses = 0;
  #opening = false;
  #problem: string | null = null;
  #following: Promise<void> | undefined;

  /** @param gate where requests for the active model are sent to it */
  constructor(context: LoaderContext, gate?: ServingGate) {
    this.#context = context;
    this.#slot = new ServedSlot((lost) => this.#lost(lost), gate, context.shelf);
  }

  /** What to tell others. */
  get status(): ReplicaStatus {
    const model = this.#slot.model;
    return {
      state: this.#state(model),
      model_name: model?.pointer.model_name ?? null,
      generation: model?.generation ?? this.#emptySince,
      problem: this.#problem,
      session: model?.session,
    };
  }

  /** Times that the process of the served model ended unasked. */
  get sessionRestarts(): number {
    return this.#losses;
  }

  /** Whether this loader serves what is active; also when nothing is, and it has let go of the model before. */
  get isCurrent(): boolean {
    const { generation } = this.#context.pointer.known;
    return generation === (this.#slot.model?.generation ?? this.#emptySince);
  }

  /** Opens a model for a load job, while nothing else opens one here. */
  load<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(() => this.#whileOpening(work));
  }

  /** Serves a model that was activated and is open, or nothing after an unload. */
  adopt({ generation, pointer }: PointerState, session?: Session): void {
    this.#problem = null;
    this.#adoptedAtMs = performance.now();
    this.#emptySince = 0;
    if (pointer !== null && session !== undefined) {
      this.#slot.replace({ generation, pointer, session });
      return;
    }
    this.#emptySince = generation;
    this.#slot.clear();
    void this.#context.shelf.clear();
  }

  /** Looks at the active pointer and catches up with it if need be. Never rejects; calls while it runs join it. */
  follow(): Promise<void> {
    this.#following ??= this.#mutex
      .run(() => this.#catchUp())
      .then(() => this.#context.shelf.trim())
      .finally(() => {
        this.#following = undefined;
      });
    return this.#following;
  }

  /** Ends what is being opened, and every session after its runs. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#mutex.run(async () => {
      await this.#slot.close();
      await this.#context.shelf.clear();
    });
  }

  async #catchUp(): Promise<void> {
    const { pointer: keeper, logger } = this.#context;
    const target = await keeper.look();
    if (target.generation !== this.#wanted) this.#backOff.reset();
    this.#wanted = target.generation;
    if (this.isCurrent || this.#stopping.signal.aborted || !this.#backOff.isOver) return;
    const { generation, pointer } = target;
    if (pointer === null) {
      this.adopt(target);
      logger.info({ generation }, 'nothing is active');
      return;
    }
    const { model_name } = pointer;
    try {
      const { session } = await this.#whileOpening(() => reopenModel(this.#context, pointer, this.#stopping.signal));
      this.adopt(target, session);
      logger.info({ model_name, generation }, 'serving the active model');
      await pruneConverted(this.#context, pointer.source_sha256);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#backOff.failed();
      this.#problem = toAppError(error).message;
      logger.warn({ err: error, model_name }, 'the active model could not be opened');
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

  #lost(lost: ServedModel): void {
    this.#losses++;
    this.#context.logger.warn({ model_name: lost.pointer.model_name }, 'the session ended unexpectedly');
    if (performance.now() - this.#adoptedAtMs < STABLE_AFTER_MS) this.#backOff.failed();
    else this.#backOff.reset();
    void this.follow();
  }

  #state(model: ServedModel | undefined): Heartbeat['state'] {
    if (this.#opening) return 'opening';
    if (this.#problem !== null) return 'failed';
    if (model !== undefined) return 'ready';
    return this.isCurrent ? 'idle' : 'opening';
  }
}
