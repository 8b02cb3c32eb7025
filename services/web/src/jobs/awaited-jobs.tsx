import type { JobView } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isGone, isUnfinished, jobQuery } from '../api/queries';
import { createStore, useStore } from '../state/store';

/** A job that was started here and is awaited. */
interface Awaited {
  /** Distinguishes two waits for the same job. */
  readonly key: number;
  readonly id: string;
  readonly onEnd: (job: JobView) => void;
}

const awaited = createStore<readonly Awaited[]>([]);
let lastKey = 0;

/** Calls `onEnd` once when the job is over. Leaving the page ends the wait, not the job. */
export function whenJobEnds(id: string, onEnd: (job: JobView) => void): void {
  awaited.set((before) => [...before, { key: ++lastKey, id, onEnd }]);
}

/** Whether any job is awaited. */
export function useAwaitsJobs(): boolean {
  return useStore(awaited).length > 0;
}

/** Watches the jobs that {@link whenJobEnds} was called for. */
export function AwaitedJobs() {
  return useStore(awaited).map((one) => <AwaitedJob key={one.key} wait={one} />);
}

function AwaitedJob({ wait }: { readonly wait: Awaited }) {
  const { data: job, error } = useQuery(jobQuery(wait.id));
  const over = job !== undefined && !isUnfinished(job);
  const gone = isGone(error);
  useEffect(() => {
    if (!over && !gone) return;
    awaited.set((before) => before.filter((one) => one !== wait));
    if (over) wait.onEnd(job);
  }, [over, gone, job, wait]);
  return null;
}
