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
  /** Pause between two looks. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 1_000;

/** Where looking takes long, the pause is longer, so that it takes at most this part of the time. */
const LONGEST_PAUSE_MS = 30_000;
const TIME_SHARE = 1 / 40;

/**
 * Not every volume tells when a folder has changed, and none as exactly as names can come: they are listed for at most this
 * part of the time where it tells of no change.
 */
const UNCHANGED_SHARE = 1 / 1_000;

/** How many files are looked at each time, in turn, for changes that no listing shows. */
const FILES_PER_LOOK = 25;

/** A file that is being written is reported many times; reports are gathered for so long. */
const GATHERING_MS = 50;

/**
 * Follows the checkpoints of a folder. What counts is a look every second: at the folder, whose names are listed if it has
 * changed, and at some of the files in turn. The system's reports of changes only make it faster. So links that are
 * re-pointed, volumes that are mounted, and folders that are made anew need no care: each look is at what the path leads to
 * at the time.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #observer: ModelObserver;
  readonly #reports: Reports | undefined;
  readonly #pauseMs: number;
  /** What went wrong last: it is said once. */
  readonly #failing = new Set<string>();
  /** What the path led to at the last look, if to anything. */
  #state: FolderState | undefined;
  /** When the names are listed next, whether the folder has changed or not. */
  #listAtMs = 0;
  /** What was in it; undefined if that was not listed yet. */
  #names: ReadonlySet<string> | undefined;
  /** Those that are still to be looked at before all have had their turn. */
  #turn: Iterator<string> = [].values();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void>;
  #stopped = false;

  constructor(folder: string, observer: ModelObserver, { polling = false, pauseMs = PAUSE_MS }: WatchOptions = {}) {
    this.#folder = folder;
    this.#pauseMs = pauseMs;
    this.#observer = observer;
    this.#reports = polling ? undefined : new Reports(folder, (filename) => observer.changed(filename));
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    this.#reports?.stop();
  }

  async #look(): Promise<void> {
    const begunMs = performance.now();
    // Before the listing, so that nothing comes unseen between the two.
    await this.#attempt('reports', () => this.#findFolder());
    await this.#attempt('listing', () => this.#list());
    if (this.#stopped) return;
    for (const filename of this.#nextInTurn()) this.#observer.changed(filename);
    const spentMs = (performance.now() - begunMs) / TIME_SHARE;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(this.#pauseMs, spentMs));
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, pauseMs);
  }

  async #findFolder(): Promise<void> {
    const before = this.#state;
    this.#state = await stateOf(this.#folder);
    if (this.#state?.changedNs !== before?.changedNs) this.#listAtMs = 0;
    if (this.#state?.identity !== before?.identity) {
      // Files of another folder are others, also under the same names.
      this.#names = undefined;
      this.#listAtMs = 0;
      this.#reports?.stop();
    }
    if (this.#state !== undefined) this.#reports?.start();
  }

  async #list(): Promise<void> {
    const begunMs = performance.now();
    if (begunMs < this.#listAtMs) return;
    this.#compare(await readCheckpointNames(this.#folder));
    const endedMs = performance.now();
    this.#listAtMs = endedMs + Math.min(LONGEST_PAUSE_MS, (endedMs - begunMs) / UNCHANGED_SHARE);
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
    if (before === undefined || changed.length > FILES_PER_LOOK) this.#observer.changed();
    else for (const filename of changed) this.#observer.changed(filename);
  }

  #nextInTurn(): string[] {
    const next: string[] = [];
    while (next.length < FILES_PER_LOOK) {
      const { done, value } = this.#turn.next();
      if (done) {
        this.#turn = (this.#names ?? []).values();
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

/** What tells a folder, and its names at one time, from another. */
interface FolderState {
  /** Differs also for a folder that was made anew. */
  readonly identity: string;
  /** When a name came or went last, as far as the volume tells. */
  readonly changedNs: bigint;
}

/** The state of the folder that a path leads to; undefined if it leads to none. */
async function stateOf(folder: string): Promise<FolderState | undefined> {
  const stats = await stat(folder, { bigint: true }).catch((error: unknown) => {
    if (hasNoFile(error)) return undefined;
    throw error;
  });
  return stats && { identity: `${stats.dev}-${stats.ino}-${stats.birthtimeNs}`, changedNs: stats.mtimeNs };
}

/** Names that came and went. Mostly few did, of thousands. */
function changesOf(before: ReadonlySet<string>, names: ReadonlySet<string>): string[] {
  const changes: string[] = [];
  for (const name of names) if (!before.has(name)) changes.push(name);
  if (names.size - changes.length < before.size) {
    for (const name of before) if (!names.has(name)) changes.push(name);
  }
  return changes;
}
