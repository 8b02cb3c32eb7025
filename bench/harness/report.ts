import type { Comparison, Series, Target } from './comparison.js';
import { median, quantile } from './statistics.js';
import type { Verdict } from './verdict.js';

/** The lines that show one comparison. */
export function comparisonLines(comparison: Comparison, verdict: Verdict): string[] {
  const { title, unit, reference, ours } = comparison;
  const lines = [title];
  if (reference !== undefined) lines.push(seriesLine(reference, unit));
  lines.push(seriesLine(ours, unit));
  const parts = [ratioText(verdict.ratio), targetText(comparison, verdict)].filter((part) => part !== '');
  if (parts.length > 0) lines.push(`    ${parts.join(', ')}`);
  return lines;
}

function seriesLine({ label, values }: Series, unit: string): string {
  const digits = median(values) < 10 ? 2 : 1;
  const spread = `${quantile(values, 0).toFixed(digits)}–${quantile(values, 1).toFixed(digits)}`;
  return `    ${label.padEnd(44)}${median(values).toFixed(digits).padStart(9)} ${unit}   (${spread}, n=${values.length})`;
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '' : `ratio ${ratio.toFixed(2)}`;
}

function targetText({ target, unit }: Comparison, { met }: Verdict): string {
  if (target === undefined) return '';
  return `target ${limitText(target, unit)}: ${met ? 'met' : 'MISSED'}`;
}

function limitText(target: Target, unit: string): string {
  if ('atLeast' in target) return `≥ ${target.atLeast}×`;
  const limit = target.kind === 'ratio' ? `≤ ${target.atMost}×` : `≤ ${target.atMost} ${unit}`;
  return target.plus === undefined ? limit : `${limit} + ${target.plus} ${unit}`;
}

/** A comparison for programs. */
export function comparisonJson(comparison: Comparison, verdict: Verdict): object {
  const describe = ({ label, values }: Series) => ({
    label,
    median: median(values),
    min: quantile(values, 0),
    p25: quantile(values, 0.25),
    p75: quantile(values, 0.75),
    max: quantile(values, 1),
    runs: values.length,
  });
  const { reference, ours, title, unit, target } = comparison;
  return {
    title,
    unit,
    ...(reference === undefined ? {} : { reference: describe(reference) }),
    ours: describe(ours),
    ...(verdict.ratio === undefined ? {} : { ratio: verdict.ratio }),
    ...(target === undefined ? {} : { target, met: verdict.met }),
  };
}
