import type { JobView } from '@caissa/shared/contracts';
import { isUnfinished } from '../api/queries';
import { formatDuration } from '../format/date';
import { useNow } from '../ui/time-text';
import { formatElapsed, workedMs } from './job-words';

/** How long a job has been at work, going on while it is, or how long it took. */
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
