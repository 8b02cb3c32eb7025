import type { JobView } from '@caissa/shared/contracts';
import type { ReactNode } from 'react';
import { CopyButton } from '../ui/copy-button';
import { KeyValues } from '../ui/layout';
import { TimeText } from '../ui/time-text';
import { problemRows, resultRows } from './job-facts';
import { Elapsed } from './job-progress';

/** What the row of a job leaves out: its id, its times, its result. */
export function JobDetails({ job }: { readonly job: JobView }) {
  const outcome = [...resultRows(job), ...problemRows(job)];
  return (
    <div className="grid gap-x-10 gap-y-4 border-t border-line bg-sunken/40 px-4 py-3 lg:grid-cols-2">
      <KeyValues rows={timeRows(job)} />
      {outcome.length > 0 && <KeyValues rows={outcome} />}
    </div>
  );
}

function timeRows(job: JobView): (readonly [string, ReactNode])[] {
  const { started_at: started, finished_at: finished } = job;
  return [
    [
      'Job',
      <span key="id" className="inline-flex items-center gap-1">
        <span className="font-mono text-xs wrap-anywhere">{job.job_id}</span>
        <CopyButton text={job.job_id} what="job id" />
      </span>,
    ],
    ['Asked for', <TimeText key="created" time={job.created_at} />],
    ['Started', started === undefined ? 'Not yet' : <TimeText key="started" time={started} />],
    ...(finished === undefined ? [] : [['Finished', <TimeText key="finished" time={finished} />] as const]),
    ...(started === undefined ? [] : [['Time at work', <Elapsed key="elapsed" job={job} />] as const]),
    ['Attempts', String(job.attempts)],
  ];
}
