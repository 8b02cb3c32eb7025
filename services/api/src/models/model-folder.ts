import type { Catalogue } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { type CheckpointFile, type LeftOut, type ModelFile, type ModelStore, nameModels } from '@caissa/storage';

interface Observed {
  readonly file: CheckpointFile;
  /** When this state of the file was first seen, on the clock of `performance.now()`. */
  readonly sinceMs: number;
  /** The file under the name that it was last listed by. */
  listed?: ModelFile;
}

/** What is in the folder, as far as it is known. */
interface Listing {
  readonly revision: number;
  readonly models: readonly ModelFile[];
  readonly leftOut: readonly LeftOut[];
}

const NAMELESS = 'Every model name that it could have belongs to another file. Rename it.';

/**
 * The checkpoints of the model store, listed without asking it. Watching only says when to look; what is listed comes
 * from looking at the file, so that a missed or doubled event does no harm. Files are known by their own names; what
 * their models are called depends on all of them.
 */
export class ModelFolder {
  readonly #store: ModelStore;
  readonly #logger: Logger;
  readonly #observed = new Map<string, Observed>();
  readonly #looking = new Map<string, { again: boolean; done: Promise<void> }>();
  readonly #reported = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #unwatch: (() => Promise<void>) | undefined;
  #leftOut: readonly LeftOut[] = [];
  #listing: Listing = { revision: 0, models: [], leftOut: [] };
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
      changed: (filename) => void (filename === undefined ? models.#lookAround() : models.refresh(filename)),
      failed: (error) => logger.warn({ err: error }, 'the model folder cannot be watched'),
    });
    return models;
  }

  /** Changes whenever a file came, changed or went. */
  get revision(): number {
    return this.#revision;
  }

  /** The checkpoints that are there, in no order; the same object for a model as long as its file is the same. */
  list(): readonly ModelFile[] {
    return this.#current().models;
  }

  /** Files that have the name of a checkpoint but cannot be listed. */
  leftOut(): readonly LeftOut[] {
    return this.#current().leftOut;
  }

  /** Looks at one model now. @throws AppError INVALID_NAME, MODEL_NOT_FOUND, STORE_UNAVAILABLE */
  find(name: string): Promise<ModelFile> {
    return this.#store.find(name);
  }

  /** Those of the models that are gone: the list may be behind. @throws AppError STORE_UNAVAILABLE; the system's error */
  async goneOf(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const present = new Set(await this.#store.names());
    return names.filter((name) => !present.has(name));
  }

  /** Whether a file has not changed for this long; one that is still being written is not worth inspecting. */
  isQuiet(filename: string, forMs: number): boolean {
    const observed = this.#observed.get(filename);
    return observed !== undefined && performance.now() - observed.sinceMs >= forMs;
  }

  /** Calls `listener` whenever a file came, changed or went. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks at everything. Failing to read the folder is logged and leaves the list as it was. */
  async rescan(): Promise<void> {
    try {
      const { files, leftOut } = await this.#store.list();
      this.#leaveOut(leftOut);
      const left = new Set(this.#observed.keys());
      const changed: string[] = [];
      for (const file of files) {
        left.delete(file.filename);
        const observed = this.#observed.get(file.filename);
        if (observed === undefined) this.#observe(file);
        else if (observed.file.identity !== file.identity) changed.push(file.filename);
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

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#unwatch?.();
  }

  async #look(filename: string): Promise<void> {
    try {
      const file = await this.#store.look(filename);
      if (file === undefined) this.#forget(filename);
      else if (this.#observed.get(filename)?.file.identity !== file.identity) this.#observe(file);
    } catch (error) {
      this.#logger.warn({ err: error, file: filename }, 'a checkpoint cannot be looked at');
      // A store that is down has lost nothing.
      if (!(error instanceof AppError)) this.#forget(filename);
    }
  }

  #forget(filename: string): void {
    if (this.#observed.delete(filename)) this.#changed();
  }

  #observe(file: CheckpointFile): void {
    this.#observed.set(file.filename, { file, sinceMs: performance.now() });
    this.#changed();
  }

  #changed(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  #leaveOut(leftOut: readonly LeftOut[]): void {
    if (JSON.stringify(leftOut) === JSON.stringify(this.#leftOut)) return;
    this.#leftOut = leftOut;
    this.#changed();
  }

  #current(): Listing {
    if (this.#listing.revision === this.#revision) return this.#listing;
    // A link that led nowhere when everything was looked at may be a file by now.
    const absent = this.#leftOut.filter(({ filename }) => !this.#observed.has(filename));
    const names = nameModels([...this.#observed.keys(), ...absent.map(({ filename }) => filename)]);
    const models = [...names.files].flatMap(([name, filename]) => this.#nameFile(filename, name));
    const nameless = names.nameless.map((filename) => ({ filename, reason: NAMELESS }));
    const leftOut = [...absent, ...nameless];
    this.#report(leftOut);
    this.#listing = { revision: this.#revision, models, leftOut };
    return this.#listing;
  }

  /** A file under a name; none if it is left out. */
  #nameFile(filename: string, name: string): ModelFile | [] {
    const observed = this.#observed.get(filename);
    if (observed === undefined) return [];
    if (observed.listed?.name !== name) observed.listed = { name, ...observed.file };
    return observed.listed;
  }

  /** Says of each file once why it is not listed. */
  #report(leftOut: readonly LeftOut[]): void {
    for (const { filename, reason } of leftOut) {
      if (this.#reported.has(filename)) continue;
      this.#reported.add(filename);
      this.#logger.warn({ file: filename }, `a file of the model folder is not listed: ${reason}`);
    }
  }
}

/** What is known about models: their files, and what inspections found in them. */
export interface ModelSources {
  readonly modelFolder: ModelFolder;
  readonly catalogue: Catalogue;
}
