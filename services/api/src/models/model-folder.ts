import { mkdir, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, findModelFile, type Logger, MODEL_EXTENSION, type ModelFile, modelNameSchema } from '@caissa/shared';
import { type FSWatcher, watch } from 'chokidar';

/** Which folder to follow, and how. */
export interface ModelFolderOptions {
  readonly folder: string;
  /** Looks again and again instead of asking the system, for volumes that do not report changes. */
  readonly polling: boolean;
  readonly logger: Logger;
}

interface Observed {
  readonly file: ModelFile;
  /** When this state of the file was seen first, on the clock of `performance.now()`. */
  readonly sinceMs: number;
}

/**
 * The checkpoints in the model folder, always at hand without asking the disk. Watching only says when to look; what is
 * shown comes from looking at the file, so that a missed or doubled event does no harm.
 */
export class ModelFolder {
  readonly folder: string;
  readonly #logger: Logger;
  readonly #observed = new Map<string, Observed>();
  readonly #looking = new Map<string, { again: boolean; done: Promise<void> }>();
  readonly #refused = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #revision = 0;

  private constructor({ folder, logger }: ModelFolderOptions) {
    this.folder = folder;
    this.#logger = logger;
  }

  /** Creates the folder if need be, looks at all that is there, and follows it from then on. */
  static async open(options: ModelFolderOptions): Promise<ModelFolder> {
    const models = new ModelFolder(options);
    await models.rescan();
    models.#watcher = watch(options.folder, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      usePolling: options.polling,
      ignored: (path) => path !== options.folder && !path.endsWith(MODEL_EXTENSION),
    });
    models.#watcher.on('all', (_event, path) => void models.#lookAtPath(path));
    models.#watcher.on('error', (error) => options.logger.warn({ err: error }, 'the model folder cannot be watched'));
    // What came between the first look and the watching was not reported.
    models.#watcher.on('ready', () => void models.rescan());
    return models;
  }

  /** Another number whenever a file came, changed or went. */
  get revision(): number {
    return this.#revision;
  }

  /** The checkpoints that are there, in no order. */
  list(): ModelFile[] {
    return [...this.#observed.values()].map(({ file }) => file);
  }

  /** Looks at one checkpoint now. @throws AppError INVALID_NAME, MODEL_NOT_FOUND */
  find(name: string): Promise<ModelFile> {
    return findModelFile(this.folder, name);
  }

  /** Whether a file has not changed for this long; one that is being written is not worth a look inside. */
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
      await mkdir(this.folder, { recursive: true });
      const files = (await readdir(this.folder)).filter((file) => file.endsWith(MODEL_EXTENSION));
      const names = new Set([...files.flatMap((file) => this.#toName(file)), ...this.#observed.keys()]);
      await Promise.all([...names].map((name) => this.refresh(name)));
    } catch (error) {
      this.#logger.warn({ err: error }, 'the model folder cannot be read');
    }
  }

  /** Looks at one file. While it is being looked at, further calls make for one more look. */
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
    await this.#watcher?.close();
  }

  async #look(name: string): Promise<void> {
    const before = this.#observed.get(name);
    try {
      const file = await this.find(name);
      if (before?.file.identity === file.identity) return;
      this.#observed.set(name, { file, sinceMs: performance.now() });
    } catch (error) {
      if (!(error instanceof AppError))
        this.#logger.warn({ err: error, model_name: name }, 'a model cannot be looked at');
      if (!this.#observed.delete(name)) return;
    }
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  async #lookAtPath(path: string): Promise<void> {
    for (const name of this.#toName(basename(path))) await this.refresh(name);
  }

  #toName(file: string): string[] {
    const name = file.slice(0, -MODEL_EXTENSION.length);
    if (!file.endsWith(MODEL_EXTENSION)) return [];
    if (modelNameSchema.safeParse(name).success) return [name];
    if (!this.#refused.has(file)) {
      this.#refused.add(file);
      this.#logger.warn({ file }, 'a file of the model folder is left out: its name is not a valid model name');
    }
    return [];
  }
}
