export { enqueue, findClaimedJob, type JobsContext } from './enqueue.js';
export { type FailedJob, onJobFailed } from './failed-jobs.js';
export type { IdempotencyClaim } from './idempotency.js';
export { jobLost } from './job-lock.js';
export { isFinal, jobLinks, jobTypeOf, newJobId, type QueuedJob } from './job-view.js';
export { type JobEvent, JobWatcher } from './job-watcher.js';
export { cancelJob, retryJob, showJob } from './jobs.js';
export { type JobFilter, listJobs, trimJobList } from './list-jobs.js';
export { measureJobs } from './measure-jobs.js';
export { notePaused, pausedSentence, queuePaused, readPausedQueues } from './paused-queues.js';
export {
  closeQueues,
  limitActivations,
  openQueues,
  type QueueOptions,
  type Queues,
  RETRY_POLICY,
} from './queues.js';
export { type Processor, runWorker, stopWorker, type WorkerContext, type WorkItem } from './run-worker.js';
export { startTracing } from './tracing/start-tracing.js';
export type { Tracing } from './tracing/tracing.js';
export { watchPausedQueues } from './watch-paused-queues.js';
