import type { JobView } from '@caissa/shared/contracts';
import { isUnfinished } from '../api/queries';
import { formatDuration } from '../format/date';
import { ProgressBar } from '../ui/progress';
import { useNow } from '../ui/time-text';
import { describeJob, formatElapsed, STAGE_WORDS, STATUS_WORDS, workedMs } from './job-words';

/** How far a job has come: what is being done, the percentage, how long it has taken, and a bar. */
export function JobProgress({ job }: { readonly job: JobView }) {
  const percent = Math.round(job.progress.percent);
  return (
    <div className="min-w-0 space-y-1.5">
      <p className="flex items-baseline gap-x-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">{stageWords(job)}</span>
        {job.started_at !== undefined && <Elapsed job={job} />}
        <span className="w-9 text-right font-medium text-text tabular-nums">{percent} %</span>
      </p>
      <ProgressBar percent={percent} label={`${describeJob(job)}: ${job.model_name}`} />
    </div>
  );
}

function stageWords(job: JobView): string {
  if (!isUnfinished(job)) return STATUS_WORDS[job.status];
  if (job.queue_paused) return 'Waiting until an operator resumes the queue';
  return job.cancel_requested ? 'Stopping' : STAGE_WORDS[job.progress.stage];
}

/** How long a job has been running, counting on, or how long it took. */
export function Elapsed({ job }: { readonly job: JobView }) {
  if (job.started_at === undefined) return null;
  return (
    <span className="whitespace-nowrap tabular-nums">
      {isUnfinished(job) ? <Ticking job={job} /> : formatDuration(workedMs(job, 0) ?? 0)}
    </span>
  );
}

function Ticking({ job }: { readonly job: JobView }) {
  const now = useNow(1_000);
  return formatElapsed(workedMs(job, now) ?? 0);
}
