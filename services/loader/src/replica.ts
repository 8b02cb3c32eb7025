import type { Session } from '@caissa/session';
import { type Activation, type Heartbeat, readActivation, toAppError } from '@caissa/shared';
import { BackOff } from './back-off.js';
import type { LoaderContext } from './context.js';
import { Mutex } from './mutex.js';
import { reopenModel } from './reopen-model.js';
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
  /** The newest activation that is known; Redis may be away. */
  #target: Activation | undefined;
  #adoptedAtMs = 0;
  #losses = 0;
  #opening = false;
  #problem: string | null = null;
  #following: Promise<void> | undefined;

  /** @param gate where requests for the active model are sent to it */
  constructor(context: LoaderContext, gate?: ServingGate) {
    this.#context = context;
    this.#slot = new ServedSlot((lost) => this.#lost(lost), gate);
  }

  /** What to tell others. */
  get status(): ReplicaStatus {
    const model = this.#slot.model;
    return {
      state: this.#state(model),
      model_name: model?.pointer.model_name ?? null,
      generation: model?.generation ?? 0,
      problem: this.#problem,
      session: model?.session,
    };
  }

  /** Times that the process of the served model ended unasked. */
  get sessionRestarts(): number {
    return this.#losses;
  }

  /** Whether the active model, if there is one, is served here. */
  get isCurrent(): boolean {
    return this.#target === undefined || this.#slot.model?.generation === this.#target.generation;
  }

  /** Opens a model for a load job, while nothing else opens one here. */
  load<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(() => this.#whileOpening(work));
  }

  /** Serves a model that was activated and is open. */
  adopt(activation: Activation, session: Session): void {
    this.#target = activation;
    this.#problem = null;
    this.#adoptedAtMs = performance.now();
    this.#slot.replace({ ...activation, session });
  }

  /** Looks at the active pointer and catches up with it if need be. Never rejects; calls while it runs join it. */
  follow(): Promise<void> {
    this.#following ??= this.#mutex
      .run(() => this.#catchUp())
      .finally(() => {
        this.#following = undefined;
      });
    return this.#following;
  }

  /** Ends what is being opened, and the served session after its runs. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#mutex.run(() => this.#slot.close());
  }

  async #catchUp(): Promise<void> {
    const { redis, keys, logger } = this.#context;
    const before = this.#target?.generation;
    this.#target = (await readActivation(redis, keys).catch(() => undefined)) ?? this.#target;
    if (this.#target?.generation !== before) this.#backOff.reset();
    if (this.#target === undefined || this.isCurrent || this.#stopping.signal.aborted || !this.#backOff.isOver) return;
    const target = this.#target;
    try {
      const session = await this.#whileOpening(() => reopenModel(this.#context, target.pointer, this.#stopping.signal));
      this.adopt(target, session);
      logger.info({ model_name: target.pointer.model_name, generation: target.generation }, 'serving the active model');
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#backOff.failed();
      this.#problem = toAppError(error).message;
      logger.warn({ err: error, model_name: target.pointer.model_name }, 'the active model could not be opened');
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
    return this.#target === undefined ? 'idle' : 'opening';
  }
}
