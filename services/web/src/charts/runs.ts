import type { ModelSummary } from '@caissa/shared/contracts';
import { parseTime } from '../format/date';

/** Models that one training run left, oldest version first. */
export interface Run {
  /** Distinguishes it from other runs. */
  readonly id: string;
  /** What it is called. */
  readonly label: string;
  readonly models: readonly Versioned[];
}

/** A model that has a number for a version. */
export type Versioned = Pick<ModelSummary, 'name' | 'metadata' | 'training_date'> & { readonly version: number };

/** Characters of a session id that tell it from others at a glance. */
const SHOWN_ID = 8;

/** What the ids of runs begin with whose models name a session. */
const SESSION = 'session ';

/**
 * Groups models by the training run that left them, the newest run first. Models of one run share a
 * `training_session_id`; where there is none, a name but for its number. Models without a number for a version belong to no run.
 */
export function runsOf(models: readonly ModelSummary[]): Run[] {
  const groups = new Map<string, Versioned[]>();
  for (const model of models) {
    const { version } = model;
    if (typeof version !== 'number') continue;
    const id = runIdOf(model);
    const group = groups.get(id) ?? [];
    groups.set(id, group);
    group.push({ ...model, version });
  }
  const runs = [...groups].map(([id, group]) => ({ id, models: group.sort(byVersion), label: stemOf(group) }));
  const named = relabelAlike(runs, labelWithSession).sort(
    (a, b) => lastTrainedMs(b) - lastTrainedMs(a) || a.label.localeCompare(b.label) || a.id.localeCompare(b.id),
  );
  return relabelAlike(named, ({ label }, place) => `${label} #${place}`);
}

/** Gives another label to each run that shares its own, told its place among them, which counts the last as 1. */
function relabelAlike(runs: readonly Run[], labelOf: (run: Run, place: number) => string): Run[] {
  const count = new Map<string, number>();
  for (const { label } of runs) count.set(label, (count.get(label) ?? 0) + 1);
  const left = new Map(count);
  return runs.map((run) => {
    const place = left.get(run.label) ?? 1;
    left.set(run.label, place - 1);
    return count.get(run.label) === 1 ? run : { ...run, label: labelOf(run, place) };
  });
}

function runIdOf({ name, metadata }: Pick<ModelSummary, 'name' | 'metadata'>): string {
  const session = metadata['training_session_id'];
  const isGiven = (typeof session === 'string' && session.trim() !== '') || typeof session === 'number';
  return isGiven ? `${SESSION}${session}` : `name ${withoutNumber(name)}`;
}

/** `run1_v12` without its last number is `run1_v`. */
function withoutNumber(name: string): string {
  return name.replace(/\d+(?=\D*$)/, '');
}

/** What most names of a run's models begin with, or else the newest: `run1` of `run1_v11`, `run1_v12` and `best`. */
function stemOf(group: readonly Versioned[]): string {
  const count = new Map<string, number>();
  for (const { name } of group) {
    const stem = withoutNumber(name).replace(/[._-]+v?$/i, '') || name;
    count.set(stem, (count.get(stem) ?? 0) + 1);
  }
  const most = Math.max(...count.values());
  return [...count].findLast(([, times]) => times === most)?.[0] ?? '';
}

function labelWithSession({ id, label }: Run): string {
  if (!id.startsWith(SESSION)) return label;
  return `${label} (${id.slice(SESSION.length).trim().slice(0, SHOWN_ID)})`;
}

function byVersion(a: Versioned, b: Versioned): number {
  return a.version - b.version || trainedMs(a) - trainedMs(b) || a.name.localeCompare(b.name);
}

function trainedMs({ training_date: date }: Pick<Versioned, 'training_date'>): number {
  return parseTime(date)?.getTime() ?? 0;
}

function lastTrainedMs({ models }: Run): number {
  return Math.max(...models.map(trainedMs));
}
