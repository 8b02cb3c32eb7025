import { useInfiniteQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ListChecks, SearchX } from 'lucide-react';
import { useMemo } from 'react';
import { type JobFilter, jobPagesQuery } from '../api/queries';
import { connection, feedIsLive } from '../state/connection';
import { routeHref, useRoute } from '../state/route';
import { useStore } from '../state/store';
import { Button, buttonClass } from '../ui/button';
import { Card, PageHeading } from '../ui/layout';
import { EmptyState, LoadFailure } from '../ui/list-states';
import { SkeletonRows } from '../ui/progress';
import { clearJobFilter, isOpen, JobFilters, readJobFilter } from './job-filters';
import { JobRow } from './job-row';

/** All jobs: those that wait, those that run, and what became of the others. */
export function JobsPage() {
  const { params } = useRoute();
  const filter = useMemo(() => readJobFilter(params), [params]);
  return (
    <>
      <PageHeading title="Jobs" hint="Newest first">
        <LiveMark />
      </PageHeading>
      <JobFilters filter={filter} />
      <Card label="Jobs" className="overflow-hidden">
        <Jobs filter={filter} />
      </Card>
    </>
  );
}

function Jobs({ filter }: { readonly filter: JobFilter }) {
  const isLive = useStore(feedIsLive);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, isPlaceholderData } = useInfiniteQuery(
    jobPagesQuery(filter, isLive),
  );
  if (data === undefined) {
    if (error) return <LoadFailure what="The jobs" error={error} onRetry={() => void refetch()} />;
    return <SkeletonRows rows={8} label="Loading the jobs" />;
  }
  const jobs = data.pages.flatMap((page) => page.jobs);
  if (jobs.length === 0) return isOpen(filter) ? <NoJobs /> : <NothingFound />;
  return (
    <>
      <ul className={isPlaceholderData ? 'divide-y divide-line opacity-60' : 'divide-y divide-line'}>
        {jobs.map((job) => (
          <JobRow key={job.job_id} job={job} />
        ))}
      </ul>
      {hasNextPage && (
        <div className="border-t border-line p-3 text-center">
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </>
  );
}

function NoJobs() {
  return (
    <EmptyState
      icon={ListChecks}
      title="No jobs yet"
      action={
        <a href={routeHref('export')} className={buttonClass('primary')}>
          Export a model
        </a>
      }
    >
      Whatever takes a while, such as an export or an activation, is shown here as it goes on.
    </EmptyState>
  );
}

function NothingFound() {
  return (
    <EmptyState icon={SearchX} title="No job matches" action={<Button onClick={clearJobFilter}>Show all jobs</Button>}>
      There are jobs, but none of this kind.
    </EmptyState>
  );
}

/** Says whether the list is updated live, by polling, or not at all while the queue is out of reach. */
function LiveMark() {
  const isReached = useStore(connection) === 'online';
  const isLive = useStore(feedIsLive) && isReached;
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden="true"
        className={clsx(
          'size-2 rounded-full',
          isLive ? 'bg-accent' : isReached ? 'border border-line-strong' : 'bg-warn',
        )}
      />
      {isLive ? 'Live' : isReached ? 'Updating every few seconds' : 'Not up to date'}
    </span>
  );
}
