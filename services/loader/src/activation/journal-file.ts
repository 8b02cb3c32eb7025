import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile, syncFolder } from '@caissa/bytes';
import { JOURNAL_LIMIT } from '@caissa/registry';
import { type ActivationEntry, activationEntrySchema } from '@caissa/shared/contracts';

/** How much a journal holds. */
export interface JournalLimits {
  /** Size from which a part is full. */
  readonly partBytes: number;
  /** Entries that are kept at least. */
  readonly entries: number;
}

/** Entries take two lines of under 1 KiB each, so that two parts hold them all. */
const LIMITS: JournalLimits = { partBytes: 32 * 1024 * 1024, entries: JOURNAL_LIMIT };

/** `activations.jsonl`, then `activations.1.jsonl` and so on. */
const PART_NAME = /^activations(?:\.(\d{1,9}))?\.jsonl$/;

/**
 * The journal of activations as lines of JSON. The entry of a job is how the last attempt at it ended or, before that, its last line. Loaders that share the folder add at
 * once, so nothing that may be written to is ever replaced: lines go to the newest part, a full part is followed by
 * another one, and the oldest is removed when those after it hold enough. A loss of power costs the last line at most.
 */
export class JournalFile {
  readonly #folder: string;
  readonly #limits: JournalLimits;

  /** @param folder the folder of the converted models, which exists */
  constructor(folder: string, limits = LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Adds the state of an entry, durably. */
  async append(entry: ActivationEntry): Promise<void> {
    const newest = (await this.#parts()).at(-1) ?? 0;
    const sizeBytes = await this.#appendTo(newest, entry);
    // Whoever finds a part full opens the next one: it does not matter who is first.
    if (sizeBytes >= this.#limits.partBytes) await this.#openPart(newest + 1);
  }

  /** The newest entries, oldest first. Lines that cannot be understood are left out. */
  async read(): Promise<ActivationEntry[]> {
    const entries = new Map<string, ActivationEntry>();
    for (const part of await this.#parts()) {
      for (const entry of await this.#readPart(part)) {
        if (replaces(entry, entries.get(entry.job_id))) entries.set(entry.job_id, entry);
      }
    }
    return [...entries.values()]
      .sort((left, right) => Date.parse(left.started_at) - Date.parse(right.started_at))
      .slice(-this.#limits.entries);
  }

  /** Returns how large the part is now. */
  async #appendTo(part: number, entry: ActivationEntry): Promise<number> {
    const handle = await open(this.#pathOf(part), 'a+');
    try {
      const { size } = await handle.stat();
      // A line that was cut short must not swallow this one.
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(size - 1, 0));
      const start = bytesRead === 1 && buffer[0] !== 0x0a ? '\n' : '';
      const line = Buffer.from(`${start}${JSON.stringify(entry)}\n`);
      await handle.appendFile(line);
      await handle.datasync();
      if (size === 0) await syncFolder(this.#folder);
      return size + line.length;
    } finally {
      await handle.close();
    }
  }

  async #openPart(part: number): Promise<void> {
    await (await open(this.#pathOf(part), 'a')).close();
    const held = new Set<string>();
    for (const older of (await this.#parts()).reverse()) {
      // The part before may still be written to by those who have not seen this one.
      if (older < part - 1 && held.size >= this.#limits.entries) await rm(this.#pathOf(older), { force: true });
      else for (const { job_id } of await this.#readPart(older)) held.add(job_id);
    }
  }

  async #readPart(part: number): Promise<ActivationEntry[]> {
    const text = (await readRegularFile(this.#pathOf(part))) ?? '';
    return text.split('\n').flatMap((line) => parseLine(line) ?? []);
  }

  /** Numbers of the parts, oldest first. */
  async #parts(): Promise<number[]> {
    const found = (await readdir(this.#folder)).map((name) => PART_NAME.exec(name));
    return found.flatMap((match) => (match ? [Number(match[1] ?? 0)] : [])).sort((left, right) => left - right);
  }

  #pathOf(part: number): string {
    return join(this.#folder, part === 0 ? 'activations.jsonl' : `activations.${part}.jsonl`);
  }
}

/** Lines of one attempt may come in any order: what a loader could not write at once it writes later. */
function replaces(entry: ActivationEntry, held: ActivationEntry | undefined): boolean {
  if (held === undefined || held.attempts < entry.attempts) return true;
  return held.attempts === entry.attempts && (held.outcome === 'running' || entry.outcome !== 'running');
}

function parseLine(line: string): ActivationEntry | undefined {
  if (line === '') return undefined;
  try {
    return activationEntrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
