import type { CurrentModel, ReplicaSummary } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Crown } from 'lucide-react';
import { currentQuery, useActivationJobs, useIsDown } from '../api/queries';
import { outageOf, type Serving, servingOf } from '../api/serving';
import { useCanOperate } from '../api/session';
import { JobProgress } from '../jobs/job-progress';
import { describeJob } from '../jobs/job-words';
import { routeHref } from '../state/route';
import { Badge } from '../ui/badge';
import { Card } from '../ui/layout';
import { EmptyState, LoadFailure } from '../ui/list-states';
import { Notice } from '../ui/notice';
import { Skeleton } from '../ui/progress';
import { TimeText } from '../ui/time-text';
import { ActiveModelActions } from './active-model-actions';
import { known } from './known';
import { MetricTiles } from './metrics';

/** What is active now, how far it is rolled out, and what is on its way. */
export function ActiveModelCard() {
  const { data: current, error, refetch } = useQuery(currentQuery);
  const [activation] = useActivationJobs();
  return (
    <Card label="Active model" className="flex min-h-80 flex-col">
      {activation && (
        <div className="rounded-t-2xl border-b border-line bg-info-soft px-5 py-3 text-sm">
          <p className="mb-1.5 font-medium">
            {describeJob(activation)}: {activation.model_name}
          </p>
          <JobProgress job={activation} />
        </div>
      )}
      {current === undefined ? (
        error ? (
          <LoadFailure what="The active model" error={error} onRetry={() => void refetch()} />
        ) : (
          <CardSkeleton />
        )
      ) : current.loaded ? (
        <Loaded current={current} />
      ) : (
        <NothingActive />
      )}
    </Card>
  );
}

function Loaded({ current }: { readonly current: CurrentModel }) {
  const canOperate = useCanOperate();
  const version = known(current.version);
  const isDown = useIsDown();
  return (
    <div className="flex flex-1 flex-col gap-4 p-5">
      <div>
        <p
          className={clsx(
            'text-xs font-medium tracking-wide uppercase',
            isDown ? 'text-danger-text' : 'text-accent-text',
          )}
        >
          Active model{isDown && ', not answering'}
        </p>
        <div className="mt-1 flex flex-wrap items-center gap-2">
          <a
            href={routeHref('models', { name: current.model_name })}
            className="min-w-0 truncate text-2xl font-semibold tracking-tight hover:underline"
          >
            {current.model_name}
          </a>
          {version !== undefined && <Badge>Version {version}</Badge>}
          <Badge title="Grows by one with each activation">Generation {current.generation}</Badge>
        </div>
        <p className="mt-1 text-sm text-muted">
          {isDown ? 'Activated' : `On ${current.device}, activated`}{' '}
          {current.load_date && <TimeText time={current.load_date} ago />}
        </p>
      </div>
      <RolloutState current={current} />
      <MetricTiles metadata={current.metadata ?? {}} />
      {canOperate && <ActiveModelActions current={current} />}
    </div>
  );
}

function NothingActive() {
  return (
    <div className="flex flex-1 items-center justify-center">
      <EmptyState icon={Crown} title="No model is active">
        Load one of the models below: it is opened, checked and then answers positions on every replica.
      </EmptyState>
    </div>
  );
}

function CardSkeleton() {
  return (
    <div role="status" aria-label="Loading the active model" className="flex flex-col gap-4 p-5">
      <Skeleton className="h-4 w-24" />
      <Skeleton className="h-8 w-48" />
      <Skeleton className="h-4 w-40" />
      <Skeleton className="h-28 w-full" />
    </div>
  );
}

/** How many replicas serve the active model, and what keeps the others from it. */
function RolloutState({ current }: { readonly current: CurrentModel }) {
  const { replica_list: list, generation } = current;
  const failed = list.filter(({ state, problem }) => state === 'failed' && problem !== null);
  return (
    <div className="space-y-2">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 text-sm" aria-live="polite">
        <span className="flex flex-wrap gap-1 empty:hidden" aria-hidden="true">
          {list.map((replica) => (
            <span
              key={replica.id}
              title={describeReplica(replica)}
              className={clsx('size-2.5 rounded-full', dot(replica, generation))}
            />
          ))}
        </span>
        <span className={ROLLOUT_CLASSES[servingOf(current)]}>{describeRollout(current)}</span>
      </p>
      {failed.map((replica) => (
        <Notice key={replica.id} tone="warn">
          {replica.host} could not follow: {replica.problem}
        </Notice>
      ))}
    </div>
  );
}

const ROLLOUT_CLASSES: Readonly<Record<Serving, string>> = {
  inactive: 'text-muted',
  down: 'font-medium text-danger-text',
  partial: 'font-medium text-warn-text',
  full: 'text-muted',
};

function describeRollout(current: CurrentModel): string {
  const { ready, total } = current.replicas;
  const outage = outageOf(current);
  if (outage !== undefined) return outage;
  return ready === total
    ? `Ready on ${total === 1 ? 'its replica' : `all ${total} replicas`}`
    : `Rolling out: ${ready} of ${total} replicas ready`;
}

function dot({ state, generation }: ReplicaSummary, wanted: number): string {
  if (state === 'failed') return 'bg-danger';
  return state === 'ready' && generation === wanted ? 'bg-accent' : 'bg-warn animate-pulse motion-reduce:animate-none';
}

function describeReplica({ host, state, model_name, generation }: ReplicaSummary): string {
  return `${host}: ${state}${model_name ? `, answers with ${model_name}` : ''}, generation ${generation}`;
}
