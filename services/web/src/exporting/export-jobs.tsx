import { FORMATS } from '@caissa/formats';
import type { JobView } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Download, PackageOpen } from 'lucide-react';
import { downloadAddress } from '../api/address';
import { isUnfinished, jobsQuery } from '../api/queries';
import { formatSize } from '../format/number';
import { CancelButton, RetryButton } from '../jobs/job-actions';
import { exportedFile } from '../jobs/job-facts';
import { JobProgress } from '../jobs/job-progress';
import { statusTone, statusWords } from '../jobs/job-words';
import { routeHref } from '../state/route';
import { Badge, FormatBadge } from '../ui/badge';
import { buttonClass } from '../ui/button';
import { Card } from '../ui/layout';
import { EmptyState, LoadFailure } from '../ui/list-states';
import { SkeletonRows } from '../ui/progress';
import { TimeText } from '../ui/time-text';

const SHOWN = 25;
const LATEST = 'latest-exports';

/** Moves the list into sight where it is not: it is below the form on phones, and may be scrolled away elsewhere. */
export function showLatestExports(): void {
  const list = document.getElementById(LATEST);
  const top = list?.getBoundingClientRect().top ?? 0;
  if (top >= 0 && top < innerHeight / 2) return;
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  list?.scrollIntoView({ behavior: still ? 'instant' : 'smooth' });
}

/** The newest exports, whoever started them: running ones with their progress, and what became of the others. */
export function ExportJobs() {
  const { data, error, refetch } = useQuery(jobsQuery({ type: 'export', limit: SHOWN }));
  const { data: working } = useQuery(jobsQuery({ type: 'export', status: 'active', limit: SHOWN }));
  return (
    <Card id={LATEST} label="Latest exports" className="scroll-mt-18 overflow-hidden lg:sticky lg:top-19">
      <header className="flex items-center justify-between border-b border-line px-5 py-3.5">
        <h2 className="text-sm font-semibold">Latest exports</h2>
        <a href={routeHref('downloads')} className="text-sm font-medium text-accent-text hover:underline">
          All downloads
        </a>
      </header>
      {data === undefined ? (
        error ? (
          <LoadFailure what="The exports" error={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={5} label="Loading the exports" />
        )
      ) : data.jobs.length === 0 ? (
        <EmptyState icon={PackageOpen} title="Nothing was exported lately">
          Choose a model and a format; the file can be downloaded here a moment later.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {[...olderOf(working?.jobs, data.jobs), ...data.jobs].map((job) => (
            <ExportJob key={job.job_id} job={job} />
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Running exports that newer ones have pushed out of the list: of many exports, the first ones are done first. */
function olderOf(working: readonly JobView[] = [], newest: readonly JobView[]): JobView[] {
  return working.filter((job) => job.status === 'active' && !newest.some(({ job_id }) => job_id === job.job_id));
}

function ExportJob({ job }: { readonly job: JobView }) {
  const file = exportedFile(job);
  const sizeBytes = file?.size_bytes;
  return (
    <li className="px-5 py-3 text-sm">
      <div className="flex min-h-9 items-center gap-3">
        <div className="min-w-0 flex-1">
          {/* On phones the name has a line of its own. */}
          <p className="flex items-center gap-x-2 gap-y-1 max-sm:flex-wrap">
            <span title={job.model_name} className="truncate font-medium max-sm:w-full">
              {job.model_name}
            </span>
            {job.format && <FormatBadge format={job.format} />}
            {job.status !== 'active' && <Badge tone={statusTone(job)}>{statusWords(job)}</Badge>}
          </p>
          {!isUnfinished(job) && (
            <p className="truncate text-xs text-muted max-sm:mt-1">
              <TimeText time={job.finished_at ?? job.created_at} ago />
              {sizeBytes !== undefined && `, ${formatSize(sizeBytes)}`}
            </p>
          )}
        </div>
        {file && (
          <a
            href={downloadAddress(file.filename)}
            download
            aria-label={`Download ${job.model_name} as ${job.format && FORMATS[job.format].label}`}
            title="Download"
            className={clsx(buttonClass('secondary', 'small'), 'max-sm:w-8 max-sm:px-0')}
          >
            <Download aria-hidden="true" />
            <span className="max-sm:hidden">Download</span>
          </a>
        )}
        <CancelButton job={job} />
        <RetryButton job={job} />
      </div>
      {isUnfinished(job) && <JobProgress job={job} />}
      {job.error && <p className="mt-1 text-xs text-danger-text wrap-anywhere">{job.error.detail}</p>}
    </li>
  );
}
