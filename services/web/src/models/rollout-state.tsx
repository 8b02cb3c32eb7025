import type { CurrentModel, ReplicaSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { Notice } from '../ui/notice';

/** How many replicas serve what is active, and what keeps the others from it. */
export function RolloutState({ current }: { readonly current: CurrentModel }) {
  const { replicas, replica_list: list, generation } = current;
  const ready = replicas.ready === replicas.total;
  const failed = list.filter(({ state, problem }) => state === 'failed' && problem !== null);
  return (
    <div className="space-y-2">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 text-sm" aria-live="polite">
        <span className="flex flex-wrap gap-1" aria-hidden="true">
          {list.map((replica) => (
            <span
              key={replica.id}
              title={describeReplica(replica)}
              className={clsx('size-2.5 rounded-full', dot(replica, generation))}
            />
          ))}
        </span>
        <span className={clsx(ready ? 'text-muted' : 'font-medium')}>
          {replicas.total === 0
            ? 'No replica is running'
            : ready
              ? `Ready on ${replicas.total === 1 ? 'its replica' : `all ${replicas.total} replicas`}`
              : `Rolling out: ${replicas.ready} of ${replicas.total} replicas ready`}
        </span>
      </p>
      {failed.map((replica) => (
        <Notice key={replica.id} tone="warn">
          {replica.host} could not follow: {replica.problem}
        </Notice>
      ))}
    </div>
  );
}

function dot({ state, generation }: ReplicaSummary, wanted: number): string {
  if (state === 'failed') return 'bg-danger';
  return state === 'ready' && generation === wanted
    ? 'bg-accent'
    : 'bg-line-strong animate-pulse motion-reduce:animate-none';
}

function describeReplica({ host, state, model_name, generation }: ReplicaSummary): string {
  return `${host}: ${state}${model_name ? `, answers with ${model_name}` : ''}, generation ${generation}`;
}
