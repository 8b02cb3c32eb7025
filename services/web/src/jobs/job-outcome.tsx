import type { JobView } from '@caissa/shared/contracts';
import { isUnfinished } from '../api/queries';
import { formatSize } from '../format/size';
import { FileName } from '../ui/file-name';
import { exportedFile, outcomeWords } from './job-facts';
import { JobProgress } from './job-progress';

/** How far a job is; or what came of it, in words. */
export function JobOutcome({ job }: { readonly job: JobView }) {
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
