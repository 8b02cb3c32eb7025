import type { RedisClient, RedisKeys } from '@caissa/redis';
import { NEVER_ACTIVE, type PointerState, readPointer, restorePointer } from '@caissa/registry';
import type { Logger } from '@caissa/shared/process';
import type { PointerMirror } from './pointer-mirror.js';

/** What a {@link PointerKeeper} works with. */
export interface KeeperContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly mirror: PointerMirror;
  readonly logger: Logger;
}

/**
 * Knows where the active pointer stands, from Redis and from its mirror. Whichever of the two is behind is brought up to
 * the other: Redis after it has lost its memory, the mirror after a loader died between moving the pointer and writing it.
 * So generations never go back.
 */
export class PointerKeeper {
  readonly #context: KeeperContext;
  #known: PointerState = NEVER_ACTIVE;
  #mirrored: number | undefined;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  /** The newest state that this loader has seen. */
  get known(): PointerState {
    return this.#known;
  }

  /** Looks at Redis, or at the mirror while it is away. Answers the newest state; never rejects. */
  async look(): Promise<PointerState> {
    const { redis, keys, logger } = this.#context;
    await this.#readMirror();
    try {
      const state = await readPointer(redis, keys);
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

  /** Takes note of a move that this loader made, and settles when it would survive the loss of Redis. */
  async moved(state: PointerState, logger?: Logger): Promise<void> {
    this.#note(state);
    await this.#writeMirror(logger);
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
  async #writeMirror(logger = this.#context.logger): Promise<void> {
    const state = this.#known;
    if (state.generation <= (this.#mirrored ?? 0)) return;
    try {
      await this.#context.mirror.write(state);
      this.#mirrored = state.generation;
    } catch (error) {
      logger.warn({ err: error }, 'the mirror of the active pointer could not be written');
    }
  }
}
