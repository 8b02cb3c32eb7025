import { FORMATS } from '@caissa/formats';
import type { JobProgress, JobStatus, JobView } from '@caissa/shared/contracts';
import { formatDuration } from '../format/date';
import type { Tone } from '../ui/badge';

/** What each stage of a job is called. */
export const STAGE_WORDS: Readonly<Record<JobProgress['stage'], string>> = {
  queued: 'Waiting for a worker',
  opening: 'Opening the checkpoint',
  reading: 'Reading weights',
  writing: 'Writing the file',
  converting: 'Converting',
  verifying: 'Checking the result',
  warming_up: 'Warming up',
  publishing: 'Publishing',
  done: 'Done',
};

/** What each state of a job is called. */
export const STATUS_WORDS: Readonly<Record<JobStatus, string>> = {
  queued: 'Queued',
  active: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** The colour of each state of a job. */
const STATUS_TONES: Readonly<Record<JobStatus, Tone>> = {
  queued: 'neutral',
  active: 'info',
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

/** What a job does, in a few words: "Export to ONNX", "Roll back". */
export function describeJob({ type, format, kind }: Pick<JobView, 'type' | 'format' | 'kind'>): string {
  if (type === 'export') return format ? `Export to ${FORMATS[format].label}` : 'Export';
  if (type === 'inspect') return 'Inspect';
  return kind === 'rollback' ? 'Roll back' : kind === 'unload' ? 'Unload' : 'Activate';
}

/** What state a job is in, in a word. */
export function statusWords({ status, queue_paused: paused }: Pick<JobView, 'status' | 'queue_paused'>): string {
  return paused ? 'Paused' : STATUS_WORDS[status];
}

/** The colour of what {@link statusWords} says. */
export function statusTone({ status, queue_paused: paused }: Pick<JobView, 'status' | 'queue_paused'>): Tone {
  return paused ? 'warn' : STATUS_TONES[status];
}

/** How long a job has been running, or ran; undefined before a worker began it. */
export function workedMs({ started_at, finished_at }: JobView, nowMs: number): number | undefined {
  if (started_at === undefined) return undefined;
  return Math.max(0, (finished_at === undefined ? nowMs : Date.parse(finished_at)) - Date.parse(started_at));
}

/** How long something has been going on, in whole seconds, so that it ticks calmly: `0 s`, `59 s`, `1 min 05 s`. */
export function formatElapsed(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}
