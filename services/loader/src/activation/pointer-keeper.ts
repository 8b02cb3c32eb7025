import type { RedisClient, RedisKeys } from '@caissa/redis';
import {
  type ActivationOrder,
  type ActivePointer,
  activate,
  deactivate,
  type HeldLock,
  isOvertaken,
  NEVER_ACTIVE,
  type PointerMove,
  type PointerState,
  readPointer,
  restorePointer,
  superseded,
} from '@caissa/registry';
import type { Logger } from '@caissa/shared/process';
import type { OptionalWrites } from './optional-writes.js';
import type { PointerMirror } from './pointer-mirror.js';

/** What a {@link PointerKeeper} works with. */
export interface KeeperContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly mirror: PointerMirror;
  readonly writes: OptionalWrites;
  readonly logger: Logger;
}

/** A request to move the pointer. */
export interface MoveRequest {
  readonly jobId: string;
  /** Its place in the order of requests, if it has one. */
  readonly sequence: number | undefined;
  /** Who has lost the job moves nothing. */
  readonly lock: HeldLock;
}

/**
 * Moves the active pointer, and knows where it stands, from Redis and from its mirror. Whichever of the two is behind is brought up to
 * the other: Redis after it has lost its memory, the mirror after a loader died between moving the pointer and writing it.
 * So generations never go back.
 */
export class PointerKeeper {
  readonly #context: KeeperContext;
  #known: PointerState = NEVER_ACTIVE;
  #heardOfRedis = false;
  #mirrored: number | undefined;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  /** The newest state that this loader has seen. */
  get known(): PointerState {
    return this.#known;
  }

  /** Name of the model that is active: null if none is, undefined before Redis or the mirror has told. */
  get activeName(): string | null | undefined {
    const { pointer } = this.#known;
    // The mirror may be behind: that nothing is active Redis has to say.
    return pointer === null && !this.#heardOfRedis ? undefined : (pointer?.model_name ?? null);
  }

  /** Looks at Redis, or at the mirror while it is away. Returns the newest state; never rejects. */
  async look(): Promise<PointerState> {
    const { redis, keys, logger } = this.#context;
    await this.#readMirror();
    try {
      const state = await readPointer(redis, keys);
      this.#heardOfRedis = true;
      if (state.generation < this.#known.generation && (await restorePointer(redis, keys, this.#known))) {
        logger.warn({ generation: this.#known.generation }, 'Redis had lost the active pointer; it was put back');
      }
      this.#note(state);
    } catch (error) {
      logger.debug({ err: error }, 'the active pointer could not be read');
    }
    await this.#writeMirror();
    return this.#known;
  }

  /** Makes a model the active one; settles when that would survive the loss of Redis. @throws AppError SUPERSEDED, JOB_LOST, REDIS_UNAVAILABLE */
  activate(pointer: ActivePointer, request: MoveRequest): Promise<PointerMove> {
    const { redis, keys } = this.#context;
    return this.#move(request, (order) => activate(redis, keys, pointer, order));
  }

  /** Leaves nothing active. @throws AppError SUPERSEDED, JOB_LOST, REDIS_UNAVAILABLE */
  deactivate(request: MoveRequest): Promise<PointerMove> {
    const { redis, keys } = this.#context;
    return this.#move(request, (order) => deactivate(redis, keys, request.jobId, order));
  }

  /** Refuses a request that a later one has overtaken; not one that has moved the pointer already. @throws AppError SUPERSEDED, REDIS_UNAVAILABLE */
  async refuseIfSuperseded({ jobId, sequence }: MoveRequest): Promise<void> {
    const { redis, keys } = this.#context;
    if (this.#known.job_id === jobId || sequence === undefined) return;
    if (this.#known.sequence >= sequence || (await isOvertaken(redis, keys, sequence))) throw superseded();
  }

  async #move(request: MoveRequest, move: (order: ActivationOrder) => Promise<PointerMove>): Promise<PointerMove> {
    await this.refuseIfSuperseded(request);
    const moved = await move({ sequence: request.sequence, floor: this.#known.generation, lock: request.lock });
    this.#note(moved.state);
    await this.#writeMirror();
    return moved;
  }

  #note(state: PointerState): void {
    if (state.generation > this.#known.generation) this.#known = state;
  }

  async #readMirror(): Promise<void> {
    if (this.#mirrored !== undefined) return;
    try {
      const state = await this.#context.mirror.read();
      this.#mirrored = state?.generation ?? 0;
      if (state !== undefined) this.#note(state);
    } catch (error) {
      this.#context.logger.warn({ err: error }, 'the mirror of the active pointer could not be read');
    }
  }

  /** What cannot be written now is written at the next look. */
  async #writeMirror(): Promise<void> {
    const state = this.#known;
    const { mirror, writes } = this.#context;
    if (state.generation <= (this.#mirrored ?? 0)) return;
    if (await writes.attempt(() => mirror.write(state))) this.#mirrored = state.generation;
  }
}
