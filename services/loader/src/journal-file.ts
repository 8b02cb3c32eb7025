import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ActivationEntry,
  activationEntrySchema,
  JOURNAL_LIMIT,
  readRegularFile,
  syncFolder,
  writeFileDurably,
} from '@caissa/shared';

/** Size from which the file is written anew without what it need not hold: entries take two lines of under 1 KiB each. */
const COMPACT_FROM_BYTES = 32 * 1024 * 1024;

/**
 * The journal of activations as a file of one JSON object a line. The last line of a job is its entry. It is only added
 * to, so a loss of power costs the last line at most; loaders that share the folder may add at once.
 */
export class JournalFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #compactFromBytes: number;

  /** @param folder the folder of the converted models, which exists */
  constructor(folder: string, compactFromBytes = COMPACT_FROM_BYTES) {
    this.#folder = folder;
    this.#path = join(folder, 'activations.jsonl');
    this.#compactFromBytes = compactFromBytes;
  }

  /** Adds the state of an entry, durably. */
  async append(entry: ActivationEntry): Promise<void> {
    const handle = await open(this.#path, 'a+');
    let sizeBytes: number;
    try {
      ({ size: sizeBytes } = await handle.stat());
      // A line that was cut short must not swallow this one.
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(sizeBytes - 1, 0));
      const start = bytesRead === 1 && buffer[0] !== 0x0a ? '\n' : '';
      await handle.appendFile(`${start}${JSON.stringify(entry)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    if (sizeBytes === 0) await syncFolder(this.#folder);
    if (sizeBytes > this.#compactFromBytes) await this.#compact();
  }

  /** The newest entries, oldest first. Lines that cannot be understood are left out. */
  async read(): Promise<ActivationEntry[]> {
    const entries = new Map<string, ActivationEntry>();
    for (const line of ((await readRegularFile(this.#path)) ?? '').split('\n')) {
      const entry = parseLine(line);
      if (entry !== undefined) entries.set(entry.job_id, entry);
    }
    return [...entries.values()]
      .sort((left, right) => Date.parse(left.started_at) - Date.parse(right.started_at))
      .slice(-JOURNAL_LIMIT);
  }

  async #compact(): Promise<void> {
    const lines = (await this.read()).map((entry) => `${JSON.stringify(entry)}\n`);
    const { size } = await stat(this.#path);
    const text = lines.join('');
    // Entries that are large of themselves would be written anew at every turn.
    if (Buffer.byteLength(text) < size / 2) await writeFileDurably(this.#path, text);
  }
}

function parseLine(line: string): ActivationEntry | undefined {
  if (line === '') return undefined;
  try {
    return activationEntrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
