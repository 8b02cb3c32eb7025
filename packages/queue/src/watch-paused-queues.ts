import type { JobType } from '@caissa/shared/contracts';
import type { Conditions } from '@caissa/shared/process';
import { HOW_TO_RESUME, readPausedQueues } from './paused-queues.js';
import type { Queues } from './queues.js';

/** How often the queues are looked at. */
const INTERVAL_MS = 2_000;

/** Raises a condition while operators have paused a queue. Returns a function that ends it. */
export function watchPausedQueues(queues: Queues, conditions: Pick<Conditions, 'raise' | 'clear'>): () => void {
  const look = async () => {
    const paused = await readPausedQueues(queues);
    if (paused.size === 0) conditions.clear('QUEUE_PAUSED');
    else
      conditions.raise(
        'QUEUE_PAUSED',
        `No worker takes ${listOf(paused)} jobs, because that is paused. ${HOW_TO_RESUME}`,
      );
  };
  // An outage of Redis is a condition of its own.
  const attempt = () => void look().catch(() => undefined);
  const timer = setInterval(attempt, INTERVAL_MS);
  attempt();
  return () => clearInterval(timer);
}

function listOf(types: ReadonlySet<JobType>): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(types);
}
