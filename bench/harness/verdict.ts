import type { Comparison } from './comparison.js';
import { median } from './statistics.js';

/** A smoke run is short and its machine busy: it fails only what is this many times over its target. */
const SMOKE_SLACK = 4;

/** What a comparison came to. */
export interface Verdict {
  /** Ours divided by the reference, medians. */
  readonly ratio: number | undefined;
  /** Whether the target is met; undefined where there is none. */
  readonly met: boolean | undefined;
  /** Whether the run fails because of it. */
  readonly fails: boolean;
}

/** Judges a comparison by its medians. */
export function judge(comparison: Comparison, smoke: boolean): Verdict {
  const ours = median(comparison.ours.values);
  const ratio = comparison.reference === undefined ? undefined : ours / median(comparison.reference.values);
  if (comparison.target === undefined) return { ratio, met: undefined, fails: false };
  const { target } = comparison;
  if ('atLeast' in target) {
    const value = ratio ?? Number.NaN;
    const limit = smoke ? target.atLeast / SMOKE_SLACK : target.atLeast;
    return { ratio, met: value >= target.atLeast, fails: !(value >= limit) };
  }
  const counted = ours - (target.plus ?? 0);
  const reference = comparison.reference === undefined ? Number.NaN : median(comparison.reference.values);
  const value = target.kind === 'ratio' ? counted / reference : counted;
  const limit = smoke ? target.atMost * SMOKE_SLACK : target.atMost;
  // Not `value > limit`: what could not be measured must fail.
  return { ratio, met: value <= target.atMost, fails: !(value <= limit) };
}

/** One line on all targets of a run. */
export function summaryLine(verdicts: readonly Verdict[], smoke: boolean): string {
  const judged = verdicts.filter(({ met }) => met !== undefined);
  const met = judged.filter((verdict) => verdict.met).length;
  const failed = judged.filter(({ fails }) => fails).length;
  const rule = smoke ? `, ${failed} missed ${SMOKE_SLACK} times over, which alone fails a smoke run` : '';
  return `${met} of ${judged.length} targets met${rule}`;
}
