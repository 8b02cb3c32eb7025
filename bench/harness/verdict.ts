import type { Comparison, Target } from './comparison.js';
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

/** Judges a comparison by its medians. A smoke run fails only if not even its best round comes near the target. */
export function judge(comparison: Comparison, smoke: boolean): Verdict {
  const { reference, target } = comparison;
  const ours = median(comparison.ours.values);
  const ratio = reference === undefined ? undefined : ours / median(reference.values);
  if (target === undefined) return { ratio, met: undefined, fails: false };
  const met = keeps(target, ours, reference && median(reference.values), 1);
  if (!smoke) return { ratio, met, fails: !met };
  const rounds = comparison.ours.values.map((value, round) => ({ value, against: reference?.values[round] }));
  const passed = rounds.some(({ value, against }) => keeps(target, value, against, SMOKE_SLACK));
  return { ratio, met, fails: !(comparison.informs || passed) };
}

/** Whether a measurement is on the right side of its target, made easier by `slack`. What could not be measured is not. */
function keeps(target: Target, ours: number, reference: number | undefined, slack: number): boolean {
  if ('atLeast' in target) return ours / (reference ?? Number.NaN) >= target.atLeast / slack;
  const counted = ours - (target.plus ?? 0);
  const value = target.kind === 'ratio' ? counted / (reference ?? Number.NaN) : counted;
  return value <= target.atMost * slack;
}

/** One line on all targets of a run. */
export function summaryLine(verdicts: readonly Verdict[], smoke: boolean): string {
  const judged = verdicts.filter(({ met }) => met !== undefined);
  const met = judged.filter((verdict) => verdict.met).length;
  const failed = judged.filter(({ fails }) => fails).length;
  const rule = smoke ? `, ${failed} missed ${SMOKE_SLACK} times over, which alone fails a smoke run` : '';
  return `${met} of ${judged.length} targets met${rule}`;
}
