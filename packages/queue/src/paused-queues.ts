import { callRedis } from '@caissa/redis';
import { JOB_TYPES, type JobType, type JobView } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { Queues } from './queues.js';

/** The queues whose jobs no worker takes, because an operator has paused them. @throws AppError REDIS_UNAVAILABLE */
export function readPausedQueues(queues: Queues): Promise<ReadonlySet<JobType>> {
  return callRedis(async () => {
    const paused = await Promise.all(JOB_TYPES.map((type) => queues[type].queue.isPaused()));
    return new Set(JOB_TYPES.filter((_, at) => paused[at]));
  });
}

/** Says of each queued job of a paused queue what it waits for. @throws AppError REDIS_UNAVAILABLE */
export async function notePaused<T extends Pick<JobView, 'type' | 'status'>>(
  queues: Queues,
  views: readonly T[],
): Promise<(T & Pick<JobView, 'queue_paused'>)[]> {
  if (views.every(({ status }) => status !== 'queued')) return [...views];
  const paused = await readPausedQueues(queues);
  return views.map((view) =>
    view.status === 'queued' && paused.has(view.type) ? { ...view, queue_paused: true } : view,
  );
}

/** Says that queues are paused, what follows, and who resumes them. */
export function pausedSentence(types: Iterable<JobType>): string {
  const names = [...types];
  const [verb, their, them] = names.length === 1 ? ['queue is', 'its', 'it'] : ['queues are', 'their', 'them'];
  const list = new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
  return `The ${list} ${verb} paused, so no worker takes ${their} jobs. An operator resumes ${them} on the queue dashboard.`;
}

/** The error of work that is not begun because nobody would take it. */
export function queuePaused(type: JobType): AppError {
  return new AppError('QUEUE_PAUSED', pausedSentence([type]));
}
