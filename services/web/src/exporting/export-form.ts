import {
  DEFAULT_FORMAT,
  DEFAULT_VERIFY_LEVEL,
  type Format,
  formatNames,
  formatOptions,
  type JsonObject,
  mayHoldOtherNetwork,
  type OptionValues,
  parseMetadataValue,
} from '@caissa/formats';
import type { ExportOptions, ModelSummary } from '@caissa/shared/contracts';
import type { ExportChoice } from '../api/work';
import { createStore } from '../state/store';

/** A line of the metadata to add to an export. */
export interface MetadataRow {
  readonly id: number;
  readonly key: string;
  readonly value: string;
}

/** What is chosen on the export tab. */
export interface ExportForm {
  readonly models: readonly string[];
  readonly formats: readonly Format[];
  readonly options: ExportOptions;
  /** Path of the weights to take; empty for the usual ones. */
  readonly weights: string;
  readonly rows: readonly MetadataRow[];
  /** Whether files are downloaded as soon as they are ready. */
  readonly downloadAtOnce: boolean;
}

/** Formats in the order in which they are offered: the usual one comes first. */
export const FORMAT_CHOICES = [DEFAULT_FORMAT, ...formatNames().filter((name) => name !== DEFAULT_FORMAT)];

const usual = formatOptions().map(([name, facts]) => [name, facts.default]);

/** What is asked for with an export if nobody says anything else. */
export const USUAL_CHOICE: ExportChoice = {
  metadata: {},
  options: { ...(Object.fromEntries(usual) as OptionValues), verify: DEFAULT_VERIFY_LEVEL },
};

/** What is chosen at first. */
const FIRST_FORM: ExportForm = {
  models: [],
  formats: [DEFAULT_FORMAT],
  options: USUAL_CHOICE.options,
  weights: '',
  rows: [],
  downloadAtOnce: false,
};

const KEY = 'caissa-export-form';

/** What is chosen, kept over a reload of the page. */
export const exportForm = createStore<ExportForm>(restore());

function restore(): ExportForm {
  try {
    return { ...FIRST_FORM, ...JSON.parse(globalThis.sessionStorage?.getItem(KEY) ?? '{}') };
  } catch {
    return FIRST_FORM;
  }
}

/** Changes what is chosen. */
export function choose(change: Partial<ExportForm>): void {
  exportForm.set((before) => ({ ...before, ...change }));
  try {
    sessionStorage.setItem(KEY, JSON.stringify(exportForm.get()));
  } catch {
    // It holds until the page is left.
  }
}

/** What is asked for with every export that the form starts. */
export function choiceOf({ rows, options, weights }: ExportForm): ExportChoice {
  const path = weights.trim();
  return { metadata: readRows(rows), options, ...(path === '' ? {} : { weights: path }) };
}

/** Whether anything that is folded away differs from what is usual. */
export function isUnusual({ options, weights, rows }: ExportForm): boolean {
  const names = Object.keys(options) as (keyof ExportOptions)[];
  return weights.trim() !== '' || rows.length > 0 || names.some((name) => options[name] !== USUAL_CHOICE.options[name]);
}

/** Whether a model can be exported: one whose network is refused may be if it is told which weights are meant. */
export function isExportable(
  { status, problem }: Pick<ModelSummary, 'status' | 'problem'>,
  { weights }: ExportForm,
): boolean {
  return status === 'ready' || (problem !== undefined && mayHoldOtherNetwork(problem.code) && weights.trim() !== '');
}

/** Adds what is missing and removes what is there. */
export function toggled<T>(all: readonly T[], one: T): T[] {
  return all.includes(one) ? all.filter((other) => other !== one) : [...all, one];
}

/** The metadata that the lines give. Lines without a name are ignored. */
function readRows(rows: readonly MetadataRow[]): JsonObject {
  return Object.fromEntries(
    rows.filter(({ key }) => key.trim() !== '').map(({ key, value }) => [key.trim(), parseMetadataValue(value)]),
  );
}

/** What is wrong with the lines, in words. */
export function rowProblem(rows: readonly MetadataRow[]): string | undefined {
  const keys = rows.map(({ key }) => key.trim());
  if (rows.some(({ key, value }) => key.trim() === '' && value.trim() !== '')) return 'A value has no name.';
  const twice = keys.find((key, at) => key !== '' && keys.indexOf(key) !== at);
  return twice === undefined ? undefined : `“${twice}” is there twice.`;
}
