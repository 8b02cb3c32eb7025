import { Coalesced } from '@caissa/bytes';
import type { ExpectedArchitecture } from '@caissa/chess';
import type { Activation, CatalogueEntry } from '@caissa/registry';
import type { ModelInfo, ModelSummary } from '@caissa/shared/contracts';
import { LRUCache } from 'lru-cache';
import type { ModelSources } from './model-folder.js';
import type { ListedFile } from './observed-files.js';
import { summarizeModel } from './summarize-model.js';

/** Models whose response is kept; one with a thousand tensors takes 80 KiB. */
const KEPT = 128;

/** What a response is made from. */
interface Source {
  readonly file: ListedFile;
  readonly entry: CatalogueEntry | undefined;
  readonly isCurrent: boolean;
  readonly expected: ExpectedArchitecture;
}

interface Made extends Source {
  readonly json: Buffer;
}

/** What is kept of one model. */
interface Kept {
  readonly reading: Coalesced<Buffer>;
  made: Made | undefined;
}

/**
 * All that is known of one model, written as JSON. Each reading looks at the file and asks Redis whether the catalogue
 * or the active model has changed; only then is the response written again. Requests for one model at the same time
 * share a reading that began after they came.
 */
export class ModelDetails {
  readonly #context: ModelSources;
  readonly #activation: Coalesced<Activation | undefined>;
  readonly #kept = new LRUCache<string, Kept>({ max: KEPT });

  constructor(context: ModelSources, activation: Coalesced<Activation | undefined>) {
    this.#context = context;
    this.#activation = activation;
  }

  /**
   * The model as it is now; the same bytes as before if nothing has changed.
   * @throws AppError INVALID_NAME, MODEL_NOT_FOUND, REDIS_UNAVAILABLE
   */
  current(name: string): Promise<Buffer> {
    const known = this.#kept.get(name);
    if (known !== undefined) return known.reading.get();
    const kept: Kept = { reading: new Coalesced(() => this.#read(name, kept)), made: undefined };
    this.#kept.set(name, kept);
    return kept.reading.get();
  }

  async #read(name: string, kept: Kept): Promise<Buffer> {
    const { modelFolder, catalogue, replicas } = this.#context;
    const [file, entries, activation] = await Promise.all([
      modelFolder.find(name),
      catalogue.all(),
      this.#activation.get(),
    ]).catch((error: unknown) => {
      // Names without a file must not push out those with one.
      if (this.#kept.peek(name) === kept) this.#kept.delete(name);
      throw error;
    });
    const entry = entries.get(name);
    const { expected } = replicas;
    const summary = summarizeModel(file, entry, { activation, expected });
    const source = { file, entry, isCurrent: summary.is_current, expected };
    if (kept.made && isSame(kept.made, source)) return kept.made.json;
    const known = entry?.identity === file.identity ? entry : undefined;
    const json = await this.#write(summary, known);
    kept.made = { ...source, json };
    return json;
  }

  /**
   * Tensors are read after their entry, so they are never older; if newer ones came meanwhile, so did a newer entry.
   */
  async #write(summary: ModelSummary, known: CatalogueEntry | undefined): Promise<Buffer> {
    const tensors = known ? await this.#context.catalogue.tensors(known.name) : [];
    const body: ModelInfo = {
      success: true,
      ...summary,
      sha256: known?.sha256 ?? null,
      warnings: known?.warnings ?? [],
      tensors,
    };
    return Buffer.from(JSON.stringify(body));
  }
}

function isSame(one: Source, other: Source): boolean {
  return (
    isSameFile(one.file, other.file) &&
    one.entry === other.entry &&
    one.isCurrent === other.isCurrent &&
    one.expected === other.expected
  );
}

/** A file keeps its identity when it is renamed. */
function isSameFile(one: ListedFile, other: ListedFile): boolean {
  const names = ['identity', 'filename', 'isBeingWritten'] as const;
  return names.every((name) => one[name] === other[name]);
}
