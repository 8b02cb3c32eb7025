import type { JobView } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isUnfinished, jobQuery } from '../api/queries';
import { createStore, useStore } from '../state/store';

/** A job that was started here and whose end is waited for. */
interface Awaited {
  /** Tells apart two who wait for the same job. */
  readonly key: number;
  readonly id: string;
  readonly onEnd: (job: JobView) => void;
}

const awaited = createStore<readonly Awaited[]>([]);
let lastKey = 0;

/** Calls `onEnd` once when the job is over. Whoever leaves the page before is told nothing; the job goes on. */
export function whenJobEnds(id: string, onEnd: (job: JobView) => void): void {
  awaited.set((before) => [...before, { key: ++lastKey, id, onEnd }]);
}

/** Looks after the jobs that {@link whenJobEnds} was asked for. */
export function JobOutcomes() {
  return useStore(awaited).map((one) => <JobOutcome key={one.key} wait={one} />);
}

function JobOutcome({ wait }: { readonly wait: Awaited }) {
  const { data: job } = useQuery(jobQuery(wait.id));
  useEffect(() => {
    if (job === undefined || isUnfinished(job)) return;
    awaited.set((before) => before.filter((one) => one !== wait));
    wait.onEnd(job);
  }, [job, wait]);
  return null;
}
