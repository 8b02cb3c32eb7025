import type { ActivationEntry } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { activationsQuery } from '../api/queries';
import { formatDuration } from '../format/date';
import { Badge, type Tone } from '../ui/badge';
import { Skeleton } from '../ui/progress';
import { TimeText } from '../ui/time-text';

const OUTCOMES: Readonly<Record<ActivationEntry['outcome'], readonly [string, Tone]>> = {
  running: ['Running', 'info'],
  succeeded: ['Succeeded', 'good'],
  failed: ['Failed', 'bad'],
  superseded: ['Superseded', 'warn'],
  cancelled: ['Cancelled', 'warn'],
};

const KINDS: Readonly<Record<ActivationEntry['kind'], string>> = {
  load: 'Loaded',
  rollback: 'Rolled back to',
  unload: 'Unloaded',
};

/** When a model was made active, by whom, and how that ended. */
export function ModelActivations({ name }: { readonly name: string }) {
  const { data } = useQuery(activationsQuery);
  if (data === undefined) return <Skeleton className="h-12 w-full" />;
  const entries = data.activations.filter(({ model_name }) => model_name === name);
  if (entries.length === 0) return <p className="text-sm text-muted">It was not made active lately.</p>;
  return (
    <ul className="divide-y divide-line text-sm">
      {entries.map((entry) => (
        <Activation key={entry.job_id} entry={entry} />
      ))}
    </ul>
  );
}

function Activation({ entry }: { readonly entry: ActivationEntry }) {
  const { kind, outcome, requested_at, requested_by, to, duration_ms, problem } = entry;
  const [word, tone] = OUTCOMES[outcome];
  return (
    <li className="py-2">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={tone}>{word}</Badge>
        <span>{KINDS[kind]}</span>
        {to && <span className="text-muted">generation {to.generation}</span>}
        <span className="ml-auto text-muted">
          <TimeText time={requested_at} />
        </span>
      </p>
      <p className="mt-0.5 text-xs text-muted">
        {[
          duration_ms !== null && `took ${formatDuration(duration_ms)}`,
          requested_by && requested_by !== 'anonymous' && `asked for by ${requested_by}`,
        ]
          .filter(Boolean)
          .join(', ')}
      </p>
      {problem && <p className="mt-1 text-xs text-danger-text">{problem.detail}</p>}
    </li>
  );
}
