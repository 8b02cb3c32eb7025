import { Coalesced } from '@caissa/bytes';
import type { ExpectedArchitecture } from '@caissa/chess';
import { LEFT_OUT_LIMIT } from '@caissa/formats';
import type { Activation, CatalogueEntry } from '@caissa/registry';
import type { ModelSummary } from '@caissa/shared/contracts';
import type { ListState } from '../http/list-pages.js';
import type { ModelSources } from './model-folder.js';
import type { ListedFile } from './observed-files.js';
import { type Standing, summarizeModel } from './summarize-model.js';

/** A model's place in the order of the list. */
export type Place = Pick<ModelSummary, 'name' | 'version'>;

/** One state of the list of models. */
export interface ModelListState extends ListState {
  readonly places: readonly Place[];
}

/** A row, and what it was made from. */
interface Row extends Place {
  readonly isInspected: boolean;
  readonly file: ListedFile;
  readonly entry: CatalogueEntry | undefined;
  readonly isCurrent: boolean;
  readonly json: string;
}

/** What rows are made from. */
interface Known extends Standing {
  readonly files: readonly ListedFile[];
  readonly entries: ReadonlyMap<string, CatalogueEntry>;
}

/** What a state was made from. */
interface Sources {
  readonly revision: number;
  readonly entries: ReadonlyMap<string, CatalogueEntry>;
  readonly active: string;
  readonly expected: ExpectedArchitecture;
}

/** Newest version first, models without a number for one last, then by name. */
export function byVersion(left: Place, right: Place): number {
  const versions = rank(right) - rank(left);
  if (versions !== 0 && !Number.isNaN(versions)) return versions;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

function rank({ version }: Place): number {
  return typeof version === 'number' ? version : Number.NEGATIVE_INFINITY;
}

/**
 * The list of models, sorted and written as JSON. Each reading asks Redis whether the catalogue or the active model has
 * changed; only then is the list made again, and only rows that have changed are written again.
 */
export class ModelList {
  readonly #context: ModelSources;
  readonly #activation: Coalesced<Activation | undefined>;
  readonly #reading = new Coalesced(() => this.#read());
  #rows: readonly Row[] = [];
  #made: { readonly from: Sources; readonly state: ModelListState } | undefined;

  constructor(context: ModelSources, activation: Coalesced<Activation | undefined>) {
    this.#context = context;
    this.#activation = activation;
  }

  /** The list as it is now; the same object as before if nothing has changed. @throws AppError REDIS_UNAVAILABLE */
  current(): Promise<ModelListState> {
    return this.#reading.get();
  }

  async #read(): Promise<ModelListState> {
    const { modelFolder, catalogue, replicas } = this.#context;
    const [entries, active] = await Promise.all([catalogue.all(), this.#activation.get()]);
    const { expected } = replicas;
    const from = { revision: modelFolder.revision, entries, active: activeModelOf(active), expected };
    const { from: before, state } = this.#made ?? {};
    if (state !== undefined && before !== undefined && isSame(before, from)) return state;
    const known = before?.expected === expected ? this.#rows : [];
    this.#rows = makeRows(known, { files: modelFolder.list(), entries, activation: active, expected });
    const leftOut = modelFolder.leftOut().slice(0, LEFT_OUT_LIMIT);
    const beside = { ...completenessOf(this.#rows), ...(leftOut.length === 0 ? {} : { left_out: leftOut }) };
    const made = { name: 'models', places: this.#rows, rows: this.#rows.map(({ json }) => json), beside };
    this.#made = { from, state: made };
    return made;
  }
}

function completenessOf(rows: readonly Row[]) {
  const indexed = rows.filter(({ isInspected }) => isInspected).length;
  return indexed === rows.length ? { complete: true } : { complete: false, indexed, total: rows.length };
}

function isSame(left: Sources, right: Sources): boolean {
  const names = ['revision', 'entries', 'active', 'expected'] as const;
  return names.every((name) => left[name] === right[name]);
}

/** What the list shows of an activation. */
function activeModelOf(activation: Activation | undefined): string {
  return activation === undefined ? '' : `${activation.pointer.model_name} ${activation.pointer.source_sha256}`;
}

/** Rows in the order of the list. Most are the previous ones, in their places: sorting those takes one look at each. */
function makeRows(before: readonly Row[], known: Known): readonly Row[] {
  const { files, entries } = known;
  const left = new Map(files.map((file) => [file.name, file]));
  const rows: Row[] = [];
  const make = (file: ListedFile, row?: Row) => {
    left.delete(file.name);
    rows.push(makeRow(file, entries.get(file.name), known, row));
  };
  for (const row of before) {
    const file = left.get(row.name);
    if (file !== undefined) make(file, row);
  }
  for (const file of left.values()) make(file);
  return rows.sort(byVersion);
}

function makeRow(
  file: ListedFile,
  entry: CatalogueEntry | undefined,
  { activation, expected }: Known,
  before: Row | undefined,
): Row {
  const active = activation?.pointer.model_name === file.name;
  if (before?.file === file && before.entry === entry && !active && !before.isCurrent) return before;
  const summary = summarizeModel(file, entry, { activation, expected });
  const { name, version, is_current: isCurrent, status } = summary;
  const isInspected = status !== 'inspecting';
  return { name, version, isInspected, file, entry, isCurrent, json: JSON.stringify(summary) };
}
