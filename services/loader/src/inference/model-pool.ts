import { toAppError } from '@caissa/shared/errors';
import pLimit from 'p-limit';
import type { BatchedModel } from './batched-model.js';
import { HeldModel, type HeldModelContext } from './held-model.js';
import { type InferenceObserver, StatisticsRecorder } from './statistics.js';

/** The models that are open beside the active one, the least recently used of which make room for others. */
export class ModelPool {
  readonly #context: HeldModelContext;
  readonly #capacity: () => number;
  readonly #observer: InferenceObserver;
  readonly #held = new Map<string, HeldModel>();
  readonly #loading = new Map<string, Promise<BatchedModel>>();
  readonly #failures = new Map<string, string>();
  readonly #oneAtATime = pLimit(1);
  #losses = 0;

  /** @param capacity how many models may be open here now */
  constructor(context: HeldModelContext, capacity: () => number, observer: InferenceObserver) {
    this.#context = context;
    this.#capacity = capacity;
    this.#observer = observer;
  }

  /** Times that a process ended unasked. */
  get losses(): number {
    return this.#losses;
  }

  /** The models that are held, whether or not they can answer now. */
  get held(): readonly HeldModel[] {
    return [...this.#held.values()];
  }

  /** The model of this name, if it can answer. */
  find(name: string): BatchedModel | undefined {
    const held = this.#held.get(name);
    if (held?.model !== undefined) held.lastUsedMs = performance.now();
    return held?.model;
  }

  /** Whether the model of this name is held, whether or not it can answer now. */
  has(name: string): boolean {
    return this.#held.has(name);
  }

  /** Whether a model is being opened for a caller of {@link load}. */
  isLoading(name: string): boolean {
    return this.#loading.has(name);
  }

  /** Why the last attempt to open a model failed, if it did. */
  failureOf(name: string): string | undefined {
    return this.#failures.get(name);
  }

  /** Opens the model of this name, unless its file as it is now is open. @throws AppError */
  async load(name: string): Promise<BatchedModel> {
    const { identity } = await this.#context.models.find(name);
    const found = this.#held.get(name)?.identity === identity ? this.find(name) : undefined;
    if (found !== undefined) return found;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      // One at a time: converting and warming up take all cores, and room has to be made for each.
      loading = this.#oneAtATime(() => this.#open(name)).finally(() => this.#loading.delete(name));
      this.#loading.set(name, loading);
    }
    return loading;
  }

  /** Ends the model of this name; returns whether there was one. */
  async unload(name: string): Promise<boolean> {
    const held = this.#held.get(name);
    const failed = this.#failures.delete(name);
    if (held === undefined) return failed;
    this.#held.delete(name);
    await held.close();
    return true;
  }

  /** Ends the least recently used models until there are no more than may be. */
  async trim(): Promise<void> {
    await this.#makeRoom(this.#capacity());
  }

  /** Ends every model. */
  async close(): Promise<void> {
    await this.#makeRoom(0);
  }

  async #open(name: string): Promise<BatchedModel> {
    let held = this.#held.get(name);
    if (held === undefined) {
      await this.#makeRoom(this.#capacity() - 1);
      held = new HeldModel(name, this.#context, new StatisticsRecorder(this.#observer), () => this.#losses++);
      this.#held.set(name, held);
      this.#context.shelf.trim();
    }
    const isNew = held.model === undefined;
    try {
      const model = await held.open();
      held.lastUsedMs = performance.now();
      this.#failures.delete(name);
      return model;
    } catch (error) {
      // What was open before goes on answering.
      if (isNew && this.#held.get(name) === held) await this.unload(name);
      const failure = toAppError(error);
      if (failure.code !== 'CANCELLED') this.#failures.set(name, failure.message);
      throw failure;
    }
  }

  async #makeRoom(size: number): Promise<void> {
    const byUse = this.held.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    const surplus = byUse.slice(0, Math.max(0, byUse.length - size));
    await Promise.all(surplus.map(({ name }) => this.unload(name)));
  }
}
