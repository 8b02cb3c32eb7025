import type { Conditions } from '@caissa/shared/process';
import { pausedSentence, readPausedQueues } from './paused-queues.js';
import type { Queues } from './queues.js';

/** How often the queues are looked at. */
const INTERVAL_MS = 2_000;

/** Raises a condition while operators have paused a queue. Returns a function that ends it. */
export function watchPausedQueues(queues: Queues, conditions: Pick<Conditions, 'raise' | 'clear'>): () => void {
  const look = async () => {
    const paused = await readPausedQueues(queues);
    if (paused.size === 0) conditions.clear('QUEUE_PAUSED');
    else conditions.raise('QUEUE_PAUSED', pausedSentence(paused));
  };
  // An outage of Redis is a condition of its own.
  const attempt = () => void look().catch(() => undefined);
  const timer = setInterval(attempt, INTERVAL_MS);
  attempt();
  return () => clearInterval(timer);
}
