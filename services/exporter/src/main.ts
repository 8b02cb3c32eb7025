import './limit-garbage.js';
import { resolve } from 'node:path';
import {
  closeQueues,
  measureJobs,
  openQueues,
  runWorker,
  startTracing,
  stopWorker,
  watchPausedQueues,
} from '@caissa/queue';
import { claimPrefix, connectProducer, connectWorker, RedisWatch, readRedisTarget, redisKeys } from '@caissa/redis';
import { Catalogue, ExportIndex } from '@caissa/registry';
import { startHealthServer } from '@caissa/shared/http';
import { Conditions, createLogger, measureProcess, runService } from '@caissa/shared/process';
import { readSettings } from '@caissa/shared/settings';
import { identifyStore, openArtifactStore, openModelStore, watchStore } from '@caissa/storage';
import { Registry } from 'prom-client';
import type { ExporterContext } from './context.js';
import { exportProcessor } from './export-model.js';
import { inspectProcessor } from './inspect-model.js';
import { measureExports } from './metrics/measure-exports.js';
import { EXPORTER_SETTINGS } from './settings.js';
import { sweepDrafts } from './sweep-drafts.js';
import { startStoppableTasks } from './tasks/stoppable-tasks.js';

/** Inspections read whole files and do little else; two keep a disk busy. */
const INSPECT_CONCURRENCY = 2;

const SWEEP_INTERVAL_MS = 3600 * 1000;

/** Time for jobs in progress to finish when the service stops; what is left then goes back into the queue. */
const STOP_GRACE_MS = 3_000;

await runService(async (lifecycle) => {
  const settings = readSettings(process.env, EXPORTER_SETTINGS);
  const { REDIS_PREFIX: prefix, DATA_DIR, HOST: host, HEALTH_PORT: healthPort } = settings;
  const logger = createLogger('exporter', settings.LOG_LEVEL);
  const tracing = await startTracing('exporter', process.env, logger);
  lifecycle.onStop('traces', () => tracing?.close());
  const dataDir = resolve(DATA_DIR);
  const models = await openModelStore(settings, dataDir);
  const store = await openArtifactStore(settings, dataDir);

  const target = readRedisTarget(settings);
  const redis = connectProducer(target);
  lifecycle.onStop('redis', () => redis.disconnect());
  const connection = connectWorker(target);
  lifecycle.onStop('worker redis', () => connection.disconnect());
  const keys = redisKeys(prefix);
  const conditions = new Conditions(logger);
  const redisWatch = new RedisWatch({ redis, keys, conditions });
  lifecycle.onStop('redis watch', () => redisWatch.close());
  lifecycle.onStop('store watch', watchStore(store, conditions));
  const queues = openQueues(redis, prefix, { tracing });
  lifecycle.onStop('queues', () => closeQueues(queues));
  const identify = () => identifyStore(settings, dataDir);
  await claimPrefix({ redis, keys, logger, identify, released: settings.RELEASE_STORE }, lifecycle);
  lifecycle.onStop('paused queues', watchPausedQueues(queues, conditions));

  const tasks = startStoppableTasks();
  lifecycle.onStop('task processes', () => tasks.close());
  const context: ExporterContext = {
    models,
    store,
    exports: new ExportIndex(redis, keys),
    catalogue: new Catalogue(redis, keys),
    keepRecentExports: settings.KEEP_RECENT_EXPORTS,
    tasks,
  };
  const sweep = () =>
    sweepDrafts(store, queues, logger).catch((error: unknown) => logger.debug({ err: error }, 'no sweep this time'));
  redis.on('ready', sweep);
  if (redis.status === 'ready') void sweep();
  const sweepTimer = setInterval(() => void sweep(), SWEEP_INTERVAL_MS);
  lifecycle.onStop('sweep', () => clearInterval(sweepTimer));

  const registry = new Registry();
  const measured = measureJobs(registry);
  const worker = { connection, prefix, logger, tracing };
  const exporting = measured('export', measureExports(registry, exportProcessor(context)));
  const exporter = runWorker(worker, 'export', exporting, settings.EXPORT_CONCURRENCY);
  const inspecting = measured('inspect', inspectProcessor(context));
  const inspector = runWorker(worker, 'inspect', inspecting, INSPECT_CONCURRENCY);
  for (const worker of [exporter, inspector]) worker.on('error', (error) => redisWatch.report(error));
  lifecycle.onStop('workers', async () => {
    await Promise.all([stopWorker(exporter, STOP_GRACE_MS), stopWorker(inspector, STOP_GRACE_MS)]);
  });

  if (healthPort !== 0) {
    measureProcess(registry, 'exporter');
    conditions.measure(registry);
    // Without either it does nothing, and a version that finds neither should not take the place of one that did.
    const ready = () => redisWatch.isUp === true && !conditions.has('STORE_UNREACHABLE');
    const health = await startHealthServer({ host, port: healthPort, ready, conditions, registry });
    lifecycle.onStop('health', () => health.close());
  }
  logger.info({ concurrency: settings.EXPORT_CONCURRENCY }, 'exporter ready');
  return logger;
});
