import type { JsonObject, JsonValue } from '@caissa/formats';
import type { ExportSummary } from '@caissa/shared/contracts';
import { formatCount, formatMeasure, formatSize } from '../format/number';

/** A name and its value. */
type Row = readonly [name: string, value: string];

/** A value of metadata as text: texts as they are, anything else as JSON. */
function valueText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** All metadata of an export but its verification and its warnings, which are shown by themselves. */
export function metadataRows({ metadata, warnings }: Pick<ExportSummary, 'metadata' | 'warnings'>): Row[] {
  const shown = Object.entries(metadata).filter(
    ([name]) => name !== 'verification' && !(name === 'warnings' && warnings.length > 0),
  );
  return shown.map(([name, value]) => [name, valueText(value)]);
}

const LEVELS: Readonly<Record<string, string>> = { none: 'Not verified', quick: 'Quick', full: 'Full' };

/** The label of each finding, and how its value is written. */
const FINDINGS: Readonly<Record<string, readonly [name: string, write: (value: number) => string]>> = {
  positions: ['Positions computed', formatCount],
  probability_sum_error: ['Probability sum error', formatMeasure],
  max_abs_value: ['Largest value', formatMeasure],
  tensors: ['Tensors found again', formatCount],
  bytes_compared: ['Compared byte by byte', formatSize],
  initializers: ['Weight tensors compared', formatCount],
  max_relative_error: ['Largest relative error of a weight', formatMeasure],
};

/** The label of each finding that has a value for each of the network's outputs. */
const FINDINGS_BY_OUTPUT: Readonly<Record<string, string>> = {
  max_abs_difference: 'Difference in',
  float32_noise: 'Float32 noise of',
};

/** What the verification of an export found, in words; empty if the metadata has none. */
export function verificationRows({ verification }: JsonObject): Row[] {
  if (typeof verification !== 'object' || verification === null || Array.isArray(verification)) return [];
  return Object.entries(verification).flatMap(([name, value]) => findingRows(name, value));
}

function findingRows(name: string, value: JsonValue): Row[] {
  if (name === 'level') return [['Level', LEVELS[String(value)] ?? valueText(value)]];
  if (name === 'device') return [['Device', valueText(value)]];
  const byOutput = FINDINGS_BY_OUTPUT[name];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (name === 'tolerance') return [['Tolerance', toleranceText(value)]];
    if (byOutput !== undefined)
      return Object.entries(value).map(([output, each]) => [`${byOutput} ${output}`, measureText(each)]);
  }
  const [label, write] = FINDINGS[name] ?? [];
  return [[label ?? name, write && typeof value === 'number' ? write(value) : valueText(value)]];
}

function measureText(value: JsonValue): string {
  return typeof value === 'number' ? formatMeasure(value) : valueText(value);
}

/** What an output x may differ by. */
function toleranceText({ absolute = null, relative = null }: JsonObject): string {
  return `${measureText(absolute)} + ${measureText(relative)} · |x|`;
}
