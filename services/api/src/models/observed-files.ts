import type { Logger } from '@caissa/shared/process';
import { type CheckpointFile, type LeftOut, type ModelFile, type ModelNames, nameModels } from '@caissa/storage';
import { Writing } from './writing.js';

interface Observed {
  readonly file: CheckpointFile;
  readonly writing: Writing;
  /** The file under the name that it was last listed by. */
  listed?: ListedFile;
}

/** A checkpoint under the name that its model has, as it is listed. */
export interface ListedFile extends ModelFile {
  /** Whether it was seen to change a moment ago, and may not be whole. */
  readonly isBeingWritten: boolean;
}

/** What is in the folder, as far as it is known. */
interface Listing {
  readonly revision: number;
  /** In no order; the same object for a model as long as its file and its name are the same. */
  readonly models: readonly ListedFile[];
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

  /** Whether this is the state in which a file was seen last. */
  isKnown({ filename, identity, changedMs }: CheckpointFile): boolean {
    const known = this.#observed.get(filename)?.file;
    return known?.identity === identity && known.changedMs === changedMs;
  }

  /** How a file is being written; undefined if it is not known. */
  writingOf(filename: string): Writing | undefined {
    return this.#observed.get(filename)?.writing;
  }

  /** Takes note of a file that is new or has changed. @param isWhole whether it is known not to be written to any more */
  observe(file: CheckpointFile, isWhole = file.changedMs === undefined): void {
    const before = this.#observed.get(file.filename);
    if (before === undefined) this.#names = undefined;
    const isBegunAnew = before !== undefined && file.sizeBytes < before.file.sizeBytes;
    this.#observed.set(file.filename, { file, writing: Writing.after(before?.writing, isWhole, isBegunAnew) });
    this.#note();
  }

  /** Takes note that a file is at rest: it was looked at again, and was the same. */
  settle(filename: string): void {
    const observed = this.#observed.get(filename);
    if (observed === undefined || observed.writing.isAtRest) return;
    const wasBeingWritten = observed.writing.isBeingWritten;
    observed.writing.settle();
    if (wasBeingWritten) this.#note();
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

  #nameFiles({ files }: ModelNames): ListedFile[] {
    const models: ListedFile[] = [];
    for (const [name, filename] of files) {
      const observed = this.#observed.get(filename);
      if (observed === undefined) continue;
      const { isBeingWritten } = observed.writing;
      const { listed } = observed;
      const isSame = listed?.name === name && listed.isBeingWritten === isBeingWritten;
      observed.listed = isSame ? listed : { name, ...observed.file, isBeingWritten };
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
