import type { JobView } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { ChevronDown, Download } from 'lucide-react';
import { memo, useId, useState } from 'react';
import { downloadAddress } from '../api/address';
import { isUnfinished } from '../api/queries';
import { formatSize, plural } from '../format/number';
import { routeHref } from '../state/route';
import { Badge } from '../ui/badge';
import { buttonClass, IconButton } from '../ui/button';
import { FileName } from '../ui/file-name';
import { TimeText } from '../ui/time-text';
import { CancelButton, RetryButton } from './job-actions';
import { JobDetails } from './job-details';
import { exportedFile, outcomeWords } from './job-facts';
import { Elapsed, JobProgress } from './job-progress';
import { describeJob, statusTone, statusWords } from './job-words';

/** One job of the list. Redrawn only when that job changes. */
export const JobRow = memo(function JobRow({ job }: { readonly job: JobView }) {
  const [open, setOpen] = useState(false);
  const details = useId();
  return (
    <li className="[contain-intrinsic-size:auto_4.75rem] [content-visibility:auto]">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2.5 px-4 py-3 lg:min-h-19 lg:grid-cols-[minmax(0,13rem)_5.5rem_minmax(0,1fr)_7.5rem_10.5rem]">
        <JobTitle job={job} />
        <span className="self-start justify-self-end lg:self-center lg:justify-self-start">
          <Badge tone={statusTone(job)}>{statusWords(job)}</Badge>
        </span>
        <div className="col-span-2 min-w-0 lg:col-span-1">
          <JobOutcome job={job} />
        </div>
        <JobTimes job={job} />
        <div className="-mr-1.5 flex items-center justify-end gap-1">
          <CancelButton job={job} />
          <RetryButton job={job} />
          <ResultDownload job={job} />
          <IconButton
            label={`${open ? 'Hide' : 'Show'} details: ${describeJob(job)}, ${job.model_name}`}
            aria-expanded={open}
            aria-controls={details}
            onClick={() => setOpen(!open)}
          >
            <ChevronDown aria-hidden="true" className={clsx('transition-transform', open && 'rotate-180')} />
          </IconButton>
        </div>
      </div>
      <div id={details} hidden={!open}>
        {open && <JobDetails job={job} />}
      </div>
    </li>
  );
});

interface JobPartProps {
  readonly job: JobView;
}

function JobTitle({ job }: JobPartProps) {
  return (
    <div className="min-w-0">
      <p className="text-sm font-medium">{describeJob(job)}</p>
      <a
        href={routeHref('models', { name: job.model_name })}
        title={`Model ${job.model_name}`}
        className="block max-w-fit truncate rounded-sm text-xs text-muted hover:text-text hover:underline hover:underline-offset-2"
      >
        {job.model_name}
      </a>
    </div>
  );
}

function JobTimes({ job }: JobPartProps) {
  const notes = [
    isUnfinished(job) || job.started_at === undefined ? undefined : (
      <>
        took <Elapsed job={job} />
      </>
    ),
    job.attempts > 1 ? plural(job.attempts, 'attempt') : undefined,
  ].filter((note) => note !== undefined);
  return (
    <div className="min-w-0 text-xs text-muted max-lg:flex max-lg:flex-wrap max-lg:gap-x-3">
      <p>
        <TimeText time={job.created_at} ago />
      </p>
      {notes.map((note, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: their order is fixed
        <p key={index}>{note}</p>
      ))}
    </div>
  );
}

function ResultDownload({ job }: JobPartProps) {
  const file = exportedFile(job);
  if (file === undefined) return null;
  const { filename } = file;
  return (
    <a
      href={downloadAddress(filename)}
      download
      title={`Download ${filename}`}
      aria-label={`Download ${filename}`}
      className={buttonClass('secondary', 'small')}
    >
      <Download aria-hidden="true" />
      Download
    </a>
  );
}

/** How far a job is; or what came of it, in words. */
function JobOutcome({ job }: { readonly job: JobView }) {
  if (isUnfinished(job)) return <JobProgress job={job} />;
  if (job.error) return <JobError error={job.error} />;
  const file = exportedFile(job);
  return (
    <p className="text-sm text-muted wrap-anywhere">
      {file ? (
        <>
          <FileName name={file.filename} /> · {formatSize(file.size_bytes)}
        </>
      ) : (
        outcomeWords(job)
      )}
    </p>
  );
}

function JobError({ error }: { readonly error: NonNullable<JobView['error']> }) {
  return (
    <p className="text-sm text-danger-text wrap-anywhere">
      {error.detail}{' '}
      <a
        href={error.type}
        target="_blank"
        rel="noreferrer"
        title="What this error means"
        className="rounded-sm font-mono text-[0.6875rem] text-muted underline underline-offset-2 hover:text-text"
      >
        {error.code}
      </a>
    </p>
  );
}
