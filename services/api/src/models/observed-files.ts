import type { Logger } from '@caissa/shared/process';
import { type CheckpointFile, type LeftOut, type ModelFile, type ModelNames, nameModels } from '@caissa/storage';

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
  /** In no order; the same object for a model as long as its file and its name are the same. */
  readonly models: readonly ModelFile[];
  /** Files that have the name of a checkpoint but cannot be listed. */
  readonly leftOut: readonly LeftOut[];
}

const NAMELESS = 'Every model name that it could have belongs to another file. Rename it.';

/** The files of the model folder that are known, by their own names. What their models are called depends on all of them. */
export class ObservedFiles {
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #observed = new Map<string, Observed>();
  readonly #reported = new Set<string>();
  #leftOut: readonly LeftOut[] = [];
  /** What the files are called, as long as it is the same files. */
  #names: ModelNames | undefined;
  #listing: Listing = { revision: 0, models: [], leftOut: [] };
  #revision = 0;

  /** @param changed is called whenever a file came, changed or went */
  constructor(logger: Logger, changed: () => void) {
    this.#logger = logger;
    this.#changed = changed;
  }

  /** Changes whenever a file came, changed or went. */
  get revision(): number {
    return this.#revision;
  }

  /** Names of the files that are there. */
  filenames(): Iterable<string> {
    return this.#observed.keys();
  }

  /** Which state of a file was seen last, if any was. */
  identityOf(filename: string): string | undefined {
    return this.#observed.get(filename)?.file.identity;
  }

  /** How long a file has been as it is; undefined if it is not known. */
  quietMs(filename: string): number | undefined {
    const observed = this.#observed.get(filename);
    return observed && performance.now() - observed.sinceMs;
  }

  /** Takes note of a file that is new or has changed. */
  observe(file: CheckpointFile): void {
    if (!this.#observed.has(file.filename)) this.#names = undefined;
    this.#observed.set(file.filename, { file, sinceMs: performance.now() });
    this.#note();
  }

  /** Takes note that a file is gone. */
  forget(filename: string): void {
    if (!this.#observed.delete(filename)) return;
    this.#names = undefined;
    this.#note();
  }

  /** Takes note of all files that cannot be listed. */
  leaveOut(leftOut: readonly LeftOut[]): void {
    if (JSON.stringify(leftOut) === JSON.stringify(this.#leftOut)) return;
    this.#leftOut = leftOut;
    this.#names = undefined;
    this.#note();
  }

  /** The files under the names of their models; made again only if something has changed. */
  listing(): Listing {
    if (this.#listing.revision === this.#revision) return this.#listing;
    // A link that led nowhere when everything was looked at may be a file by now.
    const absent = this.#leftOut.filter(({ filename }) => !this.#observed.has(filename));
    this.#names ??= nameModels([...this.#observed.keys(), ...absent.map(({ filename }) => filename)]);
    const nameless = this.#names.nameless.map((filename) => ({ filename, reason: NAMELESS }));
    const leftOut = [...absent, ...nameless];
    this.#report(leftOut);
    this.#listing = { revision: this.#revision, models: this.#nameFiles(this.#names), leftOut };
    return this.#listing;
  }

  #nameFiles({ files }: ModelNames): ModelFile[] {
    const models: ModelFile[] = [];
    for (const [name, filename] of files) {
      const observed = this.#observed.get(filename);
      if (observed === undefined) continue;
      if (observed.listed?.name !== name) observed.listed = { name, ...observed.file };
      models.push(observed.listed);
    }
    return models;
  }

  /** Says of each file once why it is not listed. */
  #report(leftOut: readonly LeftOut[]): void {
    for (const { filename, reason } of leftOut) {
      if (this.#reported.has(filename)) continue;
      this.#reported.add(filename);
      this.#logger.warn({ file: filename }, `a file of the model folder is not listed: ${reason}`);
    }
  }

  #note(): void {
    this.#revision++;
    this.#changed();
  }
}
