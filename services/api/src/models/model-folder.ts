import { setTimeout } from 'node:timers/promises';
import type { ExpectedArchitecture } from '@caissa/chess';
import type { Catalogue } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import type { LeftOut, ModelFile, ModelStore } from '@caissa/storage';
import { type ListedFile, ObservedFiles } from './observed-files.js';

/** For how long a request for work on a file waits itself until that is at rest. */
const PATIENCE_MS = 2_000;

/**
 * The checkpoints of the model store, listed without asking it. Watching only says when to look; what is listed comes
 * from looking at the file, so that a missed or doubled event does no harm.
 */
export class ModelFolder {
  readonly #store: ModelStore;
  readonly #logger: Logger;
  readonly #files: ObservedFiles;
  readonly #looking = new Map<string, { again: boolean; done: Promise<void> }>();
  readonly #listeners = new Set<() => void>();
  #unwatch: (() => Promise<void>) | undefined;
  #isLookingAround = false;

  private constructor(store: ModelStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    this.#files = new ObservedFiles(logger, () => {
      for (const listener of this.#listeners) listener();
    });
  }

  /** Looks at everything in the store, and follows its changes from then on. */
  static async open(store: ModelStore, logger: Logger): Promise<ModelFolder> {
    const models = new ModelFolder(store, logger);
    await models.rescan();
    models.#unwatch = await store.watch({
      changed: (filename) => void (filename === undefined ? models.#lookAround() : models.refresh(filename)),
      failed: (error) => logger.warn({ err: error }, 'the model folder cannot be watched'),
    });
    return models;
  }

  /** Changes whenever a file came, changed or went. */
  get revision(): number {
    return this.#files.revision;
  }

  /** The checkpoints that are there, in no order; the same object for a model as long as its file is the same. */
  list(): readonly ListedFile[] {
    return this.#files.listing().models;
  }

  /** Files that have the name of a checkpoint but cannot be listed. */
  leftOut(): readonly LeftOut[] {
    return this.#files.listing().leftOut;
  }

  /** Looks at one model now. @throws AppError INVALID_NAME, MODEL_NOT_FOUND, STORE_UNAVAILABLE */
  async find(name: string): Promise<ListedFile> {
    const file = await this.#store.find(name);
    return { ...file, isBeingWritten: this.#files.writingOf(file.filename)?.isBeingWritten ?? false };
  }

  /** Those of the models that are gone: the list may be behind. @throws AppError STORE_UNAVAILABLE; the system's error */
  async goneOf(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const present = new Set(await this.#store.names());
    return names.filter((name) => !present.has(name));
  }

  /** Whether a file is not being written to any more; it is looked at again before that is said. */
  async isAtRest(filename: string): Promise<boolean> {
    const writing = this.#files.writingOf(filename);
    if (writing === undefined || writing.isAtRest) return true;
    if (writing.leftMs > 0) return false;
    await this.refresh(filename);
    if ((this.#files.writingOf(filename)?.leftMs ?? 0) > 0) return false;
    this.#files.settle(filename);
    return true;
  }

  /**
   * Waits a moment for a file that has just been written to be at rest.
   * @throws AppError MODEL_BEING_WRITTEN if it goes on changing
   */
  async waitForRest(file: ModelFile): Promise<void> {
    const { filename } = file;
    if (!this.#files.isKnown(file)) await this.refresh(filename);
    const leftMs = this.#files.writingOf(filename)?.leftMs ?? 0;
    if (leftMs > 0 && leftMs <= PATIENCE_MS) await setTimeout(Math.ceil(leftMs) + 1);
    if (await this.isAtRest(filename)) return;
    throw new AppError(
      'MODEL_BEING_WRITTEN',
      `${filename} is still being written: it changed a moment ago. Try again when it is copied.`,
      { retryAfterSeconds: Math.ceil((this.#files.writingOf(filename)?.leftMs ?? 0) / 1_000) || 1 },
    );
  }

  /** Calls `listener` whenever a file came, changed or went. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks at everything. Failing to read the folder is logged and leaves the list as it was. */
  async rescan(): Promise<void> {
    try {
      const { files, leftOut } = await this.#store.list();
      this.#files.leaveOut(leftOut);
      const left = new Set(this.#files.filenames());
      const changed: string[] = [];
      for (const file of files) {
        left.delete(file.filename);
        if (this.#files.writingOf(file.filename) === undefined) this.#files.observe(file);
        else if (!this.#files.isKnown(file)) changed.push(file.filename);
      }
      // A listing takes time: of files that were known before, it may be staler than what is known by now.
      await Promise.all([...changed, ...left].map((filename) => this.refresh(filename)));
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
  async refresh(filename: string): Promise<void> {
    const running = this.#looking.get(filename);
    if (running) {
      running.again = true;
      return running.done;
    }
    const state = { again: true, done: Promise.resolve() };
    this.#looking.set(filename, state);
    state.done = (async () => {
      while (state.again) {
        state.again = false;
        await this.#look(filename);
      }
      this.#looking.delete(filename);
    })();
    return state.done;
  }

  /** Takes note of a file that was put there whole. */
  async add(filename: string): Promise<void> {
    const file = await this.#store.look(filename);
    if (file !== undefined) this.#files.observe(file, true);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#unwatch?.();
  }

  async #look(filename: string): Promise<void> {
    try {
      const file = await this.#store.look(filename);
      if (file === undefined) this.#files.forget(filename);
      else if (!this.#files.isKnown(file)) this.#files.observe(file);
    } catch (error) {
      this.#logger.warn({ err: error, file: filename }, 'a checkpoint cannot be looked at');
      // A store that is down has lost nothing.
      if (!(error instanceof AppError)) this.#files.forget(filename);
    }
  }
}

/** What is known about models: their files, and what inspections found in them. */
export interface ModelSources {
  readonly modelFolder: ModelFolder;
  readonly catalogue: Catalogue;
  /** Tells what a network must be like to be made active. */
  readonly replicas: { readonly expected: ExpectedArchitecture };
}
