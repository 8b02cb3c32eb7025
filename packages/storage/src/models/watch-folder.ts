import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isCheckpointName } from '@caissa/formats';
import { hasNoFile, readCheckpointNames } from './local-files.js';
import type { ModelObserver } from './model-store.js';

/** How a folder is followed. */
export interface WatchOptions {
  /** Does without the system's reports of changes, for volumes that report none, or wrong ones. */
  readonly polling?: boolean;
  /** Pause between two listings. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 1_000;

/** Where a listing takes long, the pause is longer, so that listings take at most this part of the time. */
const LONGEST_PAUSE_MS = 30_000;
const TIME_SHARE = 1 / 40;

/** How many files are looked at after each listing, in turn, for changes that no listing shows. */
const LOOKS_PER_LISTING = 25;

/** A file that is being written is reported many times; reports are gathered for so long. */
const GATHERING_MS = 50;

/**
 * Follows the checkpoints of a folder. What counts is a listing of their names every second, and a look at some of the
 * files in turn; the system's reports of changes only make it faster. So links that are re-pointed, volumes that are
 * mounted, and folders that are made anew need no care: each listing is of what the path leads to at the time.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #observer: ModelObserver;
  readonly #reports: Reports | undefined;
  readonly #pauseMs: number;
  /** What went wrong last: it is said once. */
  readonly #failing = new Set<string>();
  /** Which folder the path led to at the last listing, if to any. */
  #identity: string | undefined;
  /** What was in it; undefined if that was not listed yet. */
  #names: ReadonlySet<string> | undefined;
  /** Those that are still to be looked at before all have had their turn. */
  #turn: Iterator<string> = [].values();
  #timer: NodeJS.Timeout | undefined;
  #listing: Promise<void>;
  #stopped = false;

  constructor(folder: string, observer: ModelObserver, { polling = false, pauseMs = PAUSE_MS }: WatchOptions = {}) {
    this.#folder = folder;
    this.#pauseMs = pauseMs;
    this.#observer = observer;
    this.#reports = polling ? undefined : new Reports(folder, (filename) => observer.changed(filename));
    this.#listing = this.#list();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#listing;
    this.#reports?.stop();
  }

  async #list(): Promise<void> {
    const begunMs = performance.now();
    // Before the listing, so that nothing comes unseen between the two.
    await this.#attempt('reports', () => this.#findFolder());
    await this.#attempt('listing', async () => this.#compare(await readCheckpointNames(this.#folder)));
    if (this.#stopped) return;
    const spentMs = (performance.now() - begunMs) / TIME_SHARE;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(this.#pauseMs, spentMs));
    this.#timer = setTimeout(() => {
      this.#listing = this.#list();
    }, pauseMs);
  }

  /** Files of another folder are others, also under the same names. */
  async #findFolder(): Promise<void> {
    const identity = await identityOf(this.#folder);
    if (identity !== this.#identity) {
      this.#names = undefined;
      this.#reports?.stop();
    }
    this.#identity = identity;
    if (identity !== undefined) this.#reports?.start();
  }

  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failing.delete(what);
    } catch (error) {
      if (!this.#failing.has(what)) this.#observer.failed(error);
      this.#failing.add(what);
    }
  }

  #compare(names: ReadonlySet<string>): void {
    const before = this.#names;
    this.#names = names;
    const changed = before === undefined ? [] : changesOf(before, names);
    if (before === undefined || changed.length > LOOKS_PER_LISTING) this.#observer.changed();
    else for (const filename of [...changed, ...this.#nextInTurn(names)]) this.#observer.changed(filename);
  }

  #nextInTurn(names: ReadonlySet<string>): string[] {
    const next: string[] = [];
    while (next.length < LOOKS_PER_LISTING) {
      const { done, value } = this.#turn.next();
      if (done) {
        this.#turn = names.values();
        break;
      }
      next.push(value);
    }
    return next;
  }
}

/** The system's reports of changes in a folder. */
class Reports {
  readonly #folder: string;
  readonly #changed: (filename?: string) => void;
  readonly #gathered = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  constructor(folder: string, changed: (filename?: string) => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  /** Asks for the reports of the folder that the path leads to now. @throws the system's error if it gives none */
  start(): void {
    if (this.#watcher !== undefined) return;
    this.#watcher = watch(this.#folder, { persistent: false }, (_event, filename) => this.#report(filename));
    // A folder that is gone, or a system that is short of something: the next listing asks again.
    this.#watcher.on('error', () => this.stop());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #report(filename: string | null): void {
    // The folder itself was removed or renamed.
    if (filename === basename(this.#folder)) this.stop();
    // Kubernetes re-points `..data`, through which the links of a mounted folder lead.
    else if (filename === null || filename.startsWith('..')) this.#changed();
    else if (isCheckpointName(filename)) {
      this.#gathered.add(filename);
      this.#timer ??= setTimeout(() => this.#tell(), GATHERING_MS);
    }
  }

  #tell(): void {
    this.#timer = undefined;
    const filenames = [...this.#gathered];
    this.#gathered.clear();
    for (const filename of filenames) this.#changed(filename);
  }
}

/** Tells the folder that a path leads to from another, or one that was made anew; undefined if it leads to none. */
async function identityOf(folder: string): Promise<string | undefined> {
  const stats = await stat(folder, { bigint: true }).catch((error: unknown) => {
    if (hasNoFile(error)) return undefined;
    throw error;
  });
  return stats && `${stats.dev}-${stats.ino}-${stats.birthtimeNs}`;
}

/** Names that came and went. Mostly none did, and thousands of names are compared every second. */
function changesOf(before: ReadonlySet<string>, names: ReadonlySet<string>): string[] {
  const changes: string[] = [];
  for (const name of names) if (!before.has(name)) changes.push(name);
  if (names.size - changes.length < before.size) {
    for (const name of before) if (!names.has(name)) changes.push(name);
  }
  return changes;
}
