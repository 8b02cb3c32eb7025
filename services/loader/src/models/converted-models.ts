import { constants } from 'node:fs';
import { access, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile, TEMPORARY_PREFIX, writeFileDurably } from '@caissa/bytes';
import { keptFactsSchema, type ModelFacts } from '@caissa/registry';
import { prepareFolder } from '@caissa/shared/settings';
import { readFolderClock } from '@caissa/storage';
import { digestFile } from './digest-file.js';

/** Converted models that are kept beside those in use: going back to one of them needs no conversion. */
const KEPT = 4;

/** A temporary file that was last written to this long ago belongs to a process that died: they take seconds. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

const EXTENSION = '.onnx';

/** What the checkpoint said of itself lies beside the converted model, and outlives the checkpoint with it. */
const FACTS_EXTENSION = '.json';

/**
 * Whether a converted model has the very bytes that were found to be what its checkpoint makes: it has, it has others, or
 * nobody kept which they were.
 */
export type Proof = 'proven' | 'damaged' | 'unknown';

interface ListedFile {
  readonly name: string;
  readonly mtimeMs: number;
}

/** Models as onnxruntime opens them, by the SHA-256 of the checkpoint they were made from. Loaders may share the folder. */
export class ConvertedModels {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, creating it if need be. @throws ConfigurationError if that cannot be done; the system's error */
  static async open(folder: string): Promise<ConvertedModels> {
    await prepareFolder(folder, 'read');
    return new ConvertedModels(folder);
  }

  /** Where the converted model of a checkpoint lies, or would. */
  pathOf(sha256: string): string {
    return join(this.#folder, `${sha256}${EXTENSION}`);
  }

  /** The converted model of a checkpoint, if there is one. */
  async find(sha256: string): Promise<string | undefined> {
    const path = this.pathOf(sha256);
    // What is used stays among the newest; a volume that cannot be written removes nothing either.
    await this.#touch(path).catch(() => undefined);
    return access(path, constants.R_OK).then(
      () => path,
      () => undefined,
    );
  }

  /**
   * Keeps what a checkpoint says of itself beside the converted model, which has been checked.
   * @param onnxSha256 digest of what was checked
   */
  async remember(sha256: string, { version, metadata }: ModelFacts, onnxSha256: string): Promise<void> {
    const facts = { version, metadata, onnx_sha256: onnxSha256 };
    await writeFileDurably(this.#factsPathOf(sha256), JSON.stringify(facts));
  }

  /** Compares a converted model with the digest that {@link remember} kept. */
  async proofOf(sha256: string): Promise<Proof> {
    const kept = (await this.#readFacts(sha256))?.onnx_sha256;
    if (kept === undefined) return 'unknown';
    return kept === (await digestFile(this.pathOf(sha256))) ? 'proven' : 'damaged';
  }

  /** What {@link remember} kept; nothing is known of models that were converted before it was. */
  async factsOf(sha256: string): Promise<ModelFacts> {
    const { version, metadata } = (await this.#readFacts(sha256)) ?? { version: null, metadata: {} };
    return { version, metadata };
  }

  /** Tells one file of a converted model from another that takes its place, if there is one. */
  async stateOf(sha256: string): Promise<bigint | undefined> {
    return (await stat(this.pathOf(sha256), { bigint: true }).catch(() => undefined))?.ino;
  }

  /** Forgets a converted model that turned out to be damaged, unless another file has taken the place of that one. */
  async discard(sha256: string, state: bigint | undefined): Promise<void> {
    if ((await this.stateOf(sha256)) === state) await rm(this.pathOf(sha256), { force: true });
  }

  /** Removes all but the newest models, those in `inUse`, and what dead processes left behind. */
  async prune(inUse: ReadonlySet<string>): Promise<void> {
    const files = await this.#list();
    const models = files.filter(({ name }) => name.endsWith(EXTENSION)).sort((a, b) => b.mtimeMs - a.mtimeMs);
    const surplus = models.slice(KEPT).filter(({ name }) => !inUse.has(name.slice(0, -EXTENSION.length)));
    const drafts = files.filter(({ name }) => name.startsWith(TEMPORARY_PREFIX));
    const nowMs = drafts.length === 0 ? 0 : await readFolderClock(this.#folder);
    const abandoned = drafts.filter(({ mtimeMs }) => nowMs - mtimeMs > ABANDONED_AFTER_MS);
    for (const file of abandoned) await this.#removeUntouched(file);
    for (const file of surplus) {
      if (!(await this.#removeUntouched(file))) continue;
      await rm(this.#factsPathOf(file.name.slice(0, -EXTENSION.length)), { force: true });
    }
  }

  /** What was used or written since the folder was listed is left alone. Returns whether the file was removed. */
  async #removeUntouched({ name, mtimeMs }: ListedFile): Promise<boolean> {
    const path = join(this.#folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.mtimeMs !== mtimeMs) return false;
    await rm(path, { force: true });
    return true;
  }

  /** By the clock of the folder: those of loaders on several machines may differ. */
  async #touch(path: string): Promise<void> {
    const now = new Date(await readFolderClock(this.#folder));
    await utimes(path, now, now);
  }

  async #readFacts(sha256: string) {
    const text = await readRegularFile(this.#factsPathOf(sha256));
    return text === undefined ? undefined : keptFactsSchema.safeParse(parseJson(text)).data;
  }

  async #list(): Promise<ListedFile[]> {
    const names = await readdir(this.#folder);
    const files = names.map(async (name) => {
      const found = await stat(join(this.#folder, name)).catch(() => undefined);
      return found === undefined ? [] : [{ name, mtimeMs: found.mtimeMs }];
    });
    return (await Promise.all(files)).flat();
  }

  #factsPathOf(sha256: string): string {
    return join(this.#folder, `${sha256}${FACTS_EXTENSION}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
