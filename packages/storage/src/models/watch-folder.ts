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
const TIME_SHARE = 1 / 100;

/** How many files are looked at after each listing, in turn, for changes that no listing shows. */
const LOOKS_PER_LISTING = 50;

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
  #names: ReadonlySet<string> | undefined;
  #turn = 0;
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
    await this.#attempt('reports', async () => this.#reports?.renew());
    await this.#attempt('listing', async () => this.#compare(await readCheckpointNames(this.#folder)));
    if (this.#stopped) return;
    const spentMs = (performance.now() - begunMs) / TIME_SHARE;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(this.#pauseMs, spentMs));
    this.#timer = setTimeout(() => {
      this.#listing = this.#list();
    }, pauseMs);
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
    const changed = before === undefined ? [] : [...difference(names, before), ...difference(before, names)];
    if (before === undefined || changed.length > LOOKS_PER_LISTING) this.#observer.changed();
    else for (const filename of [...changed, ...this.#nextInTurn()]) this.#observer.changed(filename);
  }

  #nextInTurn(): string[] {
    const names = [...(this.#names ?? [])];
    if (this.#turn >= names.length) this.#turn = 0;
    const next = names.slice(this.#turn, this.#turn + LOOKS_PER_LISTING);
    this.#turn += LOOKS_PER_LISTING;
    return next;
  }
}

/** The system's reports of changes in a folder, as long as the path leads to that folder. */
class Reports {
  readonly #folder: string;
  readonly #changed: (filename?: string) => void;
  readonly #gathered = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #watched: { readonly watcher: FSWatcher; readonly identity: string } | undefined;

  constructor(folder: string, changed: (filename?: string) => void) {
    this.#folder = folder;
    this.#changed = changed;
  }

  /** Asks for the reports of the folder that the path leads to now. @throws the system's error if it gives none */
  async renew(): Promise<void> {
    const identity = await identityOf(this.#folder);
    if (identity === undefined) return this.stop();
    if (this.#watched?.identity === identity) return;
    const isFirst = this.#watched === undefined;
    this.stop();
    const watcher = watch(this.#folder, { persistent: false }, (_event, filename) => this.#report(filename));
    // A folder that is gone, or a system that is short of something: the next listing asks again.
    watcher.on('error', () => this.stop());
    this.#watched = { watcher, identity };
    // Files of the same names may be others.
    if (!isFirst) this.#changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watched?.watcher.close();
    this.#watched = undefined;
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

function* difference(names: ReadonlySet<string>, others: ReadonlySet<string>): Iterable<string> {
  for (const name of names) if (!others.has(name)) yield name;
}
