import type { Catalogue } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { type ModelFile, type ModelStore, modelNameOf } from '@caissa/storage';

interface Observed {
  readonly file: ModelFile;
  /** When this state of the file was first seen, on the clock of `performance.now()`. */
  readonly sinceMs: number;
}

/**
 * The checkpoints of the model store, listed without asking it. Watching only says when to look; what is listed comes
 * from looking at the file, so that a missed or doubled event does no harm.
 */
export class ModelFolder {
  readonly #store: ModelStore;
  readonly #logger: Logger;
  readonly #observed = new Map<string, Observed>();
  readonly #looking = new Map<string, { again: boolean; done: Promise<void> }>();
  readonly #refused = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #unwatch: (() => Promise<void>) | undefined;
  #revision = 0;
  #isLookingAround = false;

  private constructor(store: ModelStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Looks at everything in the store, and follows its changes from then on. */
  static async open(store: ModelStore, logger: Logger): Promise<ModelFolder> {
    const models = new ModelFolder(store, logger);
    await models.rescan();
    models.#unwatch = await store.watch({
      changed: (filename) => void (filename === undefined ? models.#lookAround() : models.#lookAtFile(filename)),
      failed: (error) => logger.warn({ err: error }, 'the model folder cannot be watched'),
    });
    return models;
  }

  /** Changes whenever a file came, changed or went. */
  get revision(): number {
    return this.#revision;
  }

  /** The checkpoints that are there, in no order. */
  list(): ModelFile[] {
    return [...this.#observed.values()].map(({ file }) => file);
  }

  /** Looks at one checkpoint now. @throws AppError INVALID_NAME, MODEL_NOT_FOUND, STORE_UNAVAILABLE */
  find(name: string): Promise<ModelFile> {
    return this.#store.find(name);
  }

  /** Whether a file has not changed for this long; one that is still being written is not worth inspecting. */
  isQuiet(name: string, forMs: number): boolean {
    const observed = this.#observed.get(name);
    return observed !== undefined && performance.now() - observed.sinceMs >= forMs;
  }

  /** Calls `listener` whenever a file came, changed or went. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks at everything. Failing to read the folder is logged and leaves the list as it was. */
  async rescan(): Promise<void> {
    try {
      const { files, refused } = await this.#store.list();
      for (const filename of refused) this.#refuse(filename);
      const left = new Set(this.#observed.keys());
      const changed: string[] = [];
      for (const file of files) {
        left.delete(file.name);
        const observed = this.#observed.get(file.name);
        if (observed === undefined) this.#observe(file);
        else if (observed.file.identity !== file.identity) changed.push(file.name);
      }
      // A listing takes time: of files that were known before, it may be staler than what is known by now.
      await Promise.all([...changed, ...left].map((name) => this.refresh(name)));
    } catch (error) {
      this.#logger.warn({ err: error }, 'the model folder cannot be read');
    }
  }

  /**
   * Looks at everything, unless that is under way: a slow store is not asked for its list faster than it can give it.
   */
  async #lookAround(): Promise<void> {
    if (this.#isLookingAround) return;
    this.#isLookingAround = true;
    await this.rescan();
    this.#isLookingAround = false;
  }

  /** Looks at one file. Calls during a look lead to one more look. */
  async refresh(name: string): Promise<void> {
    const running = this.#looking.get(name);
    if (running) {
      running.again = true;
      return running.done;
    }
    const state = { again: true, done: Promise.resolve() };
    this.#looking.set(name, state);
    state.done = (async () => {
      while (state.again) {
        state.again = false;
        await this.#look(name);
      }
      this.#looking.delete(name);
    })();
    return state.done;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#unwatch?.();
  }

  async #look(name: string): Promise<void> {
    try {
      const file = await this.find(name);
      if (this.#observed.get(name)?.file.identity !== file.identity) this.#observe(file);
    } catch (error) {
      const isGone = error instanceof AppError && error.code !== 'STORE_UNAVAILABLE';
      if (!isGone) this.#logger.warn({ err: error, model_name: name }, 'a model cannot be looked at');
      // A store that is down has lost nothing.
      if (error instanceof AppError && !isGone) return;
      if (this.#observed.delete(name)) this.#changed();
    }
  }

  #observe(file: ModelFile): void {
    this.#observed.set(file.name, { file, sinceMs: performance.now() });
    this.#changed();
  }

  #changed(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  async #lookAtFile(filename: string): Promise<void> {
    const name = modelNameOf(filename);
    if (name === undefined) this.#refuse(filename);
    else await this.refresh(name);
  }

  #refuse(filename: string): void {
    if (this.#refused.has(filename)) return;
    this.#refused.add(filename);
    this.#logger.warn({ file: filename }, 'a file of the model folder is left out: its name is not a valid model name');
  }
}

/** What is known about models: their files, and what inspections found in them. */
export interface ModelSources {
  readonly modelFolder: ModelFolder;
  readonly catalogue: Catalogue;
}
