import { limitActivations, trimJobList, watchPausedQueues } from '@caissa/queue';
import { watchEviction } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import type { Lifecycle, Logger } from '@caissa/shared/process';
import type { ApiContext } from './context.js';
import { ModelReconciler } from './models/reconcile-models.js';

const SWEEP_INTERVAL_MS = 3_600_000;

const EVICTION_INTERVAL_MS = 60_000;

/**
 * Keeps Redis true to the files, which are what counts: at the start, from time to time, and when Redis is back. Every
 * API process does so; what one has done, the others find done.
 */
export function startUpkeep(context: ApiContext, lifecycle: Lifecycle): void {
  const { jobs, logger, conditions, modelStore, uploads, exportReconciler } = context;
  const reconciler = new ModelReconciler(context);
  reconciler.start();
  lifecycle.onStop('model reconciler', () => reconciler.stop());

  exportReconciler.start();
  lifecycle.onStop('export reconciler', () => exportReconciler.stop());

  lifecycle.onStop('paused queues', watchPausedQueues(jobs.queues, conditions));

  const lookAtEviction = () =>
    attempt(logger, 'look at what Redis may remove', () => watchEviction(jobs.redis, conditions));
  const evictionTimer = setInterval(lookAtEviction, EVICTION_INTERVAL_MS);
  lifecycle.onStop('eviction watch', () => clearInterval(evictionTimer));
  const onRedis = () => {
    reconciler.startOver();
    exportReconciler.startOver();
    attempt(logger, 'limit of activations', () => limitActivations(jobs.queues));
    lookAtEviction();
  };
  jobs.redis.on('ready', onRedis);
  lifecycle.onStop('redis listener', () => void jobs.redis.off('ready', onRedis));
  if (jobs.redis.status === 'ready') onRedis();

  const sweep = () => {
    attempt(logger, 'sweep of uploads', async () => modelStore.sweep(await uploads.names()));
    attempt(logger, 'list of jobs', () => trimJobList(jobs));
  };
  const sweepTimer = setInterval(sweep, SWEEP_INTERVAL_MS);
  lifecycle.onStop('sweep', () => clearInterval(sweepTimer));
  sweep();
}

/** Upkeep that fails is tried again the next time; an outage of Redis is reported elsewhere. */
function attempt(logger: Logger, what: string, work: () => Promise<unknown>): void {
  work().catch((error: unknown) => {
    const expected = error instanceof AppError && error.code === 'REDIS_UNAVAILABLE';
    logger[expected ? 'debug' : 'warn']({ err: error }, `upkeep failed: ${what}`);
  });
}
