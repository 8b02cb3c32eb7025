import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { Coalesced } from '@caissa/bytes';
import { closeQueues, JobWatcher, openQueues, type Tracing } from '@caissa/queue';
import { claimPrefix, connectProducer, connectWorker, RedisWatch, readRedisTarget, redisKeys } from '@caissa/redis';
import { Catalogue, ExportIndex, readActivation, UploadRegister } from '@caissa/registry';
import { closeServer, createHttpServer, listen, PROBLEM_FORMAT, urlOf } from '@caissa/shared/http';
import { Conditions, type Lifecycle, type Logger, withTimeout } from '@caissa/shared/process';
import { identifyStore, openArtifactStore, openModelStore, watchStore } from '@caissa/storage';
import { readAccessKeys } from './access/access-keys.js';
import { followKeyFile } from './access/follow-key-file.js';
import { createApp } from './app.js';
import type { ApiContext, ApiSettings } from './context.js';
import { ExportReconciler } from './exports/reconcile-exports.js';
import { limitConnections } from './http/limit-connections.js';
import { OpenRequests } from './http/open-requests.js';
import { isTrustedProxy } from './http/trusted-proxies.js';
import { Forwarder } from './inference/forwarder.js';
import { ReplicaDirectory } from './inference/replica-directory.js';
import { ModelDetails } from './models/model-details.js';
import { ModelFolder } from './models/model-folder.js';
import { ModelList } from './models/model-list.js';
import { startUpkeep } from './upkeep.js';

const WATCHER_CLOSE_MS = 1_000;

/** Uploads may take any time; a pause in one may not. */
const TIMEOUTS = { headersTimeout: 15_000, requestTimeout: 0 };

/** A running API. */
export interface RunningApi {
  readonly context: ApiContext;
  readonly url: string;
}

/**
 * Opens what the API needs and begins to listen. Redis may still be down: requests that need it get 503 until it is up.
 * `lifecycle` closes what was opened.
 * @throws ConfigurationError if the address or the access keys cannot be used
 */
export async function startApi(
  settings: ApiSettings,
  logger: Logger,
  lifecycle: Lifecycle,
  tracing?: Tracing,
): Promise<RunningApi> {
  const context = await openContext({ settings, logger, tracing }, lifecycle);
  const keys = await readAccessKeys(settings);
  lifecycle.onStop('key file', followKeyFile(settings, keys, logger));
  const app = createApp(context.context, keys);
  const server = createHttpServer({ ...TIMEOUTS, failures: PROBLEM_FORMAT }, app);
  limitConnections(server, settings.MAX_CONNECTIONS_PER_ADDRESS, (address) => isTrustedProxy(app, address));
  const { HOST: host, PORT } = settings;
  const port = await listen(server, { host, port: PORT, setting: 'PORT' });
  // Released after the server: a pass that is under way must not keep it taking requests.
  startUpkeep(context.context, lifecycle);
  const graceMs = settings.SHUTDOWN_GRACE_SECONDS * 1_000;
  // What was cut removes what it leaves.
  lifecycle.onStop('requests', () => context.context.requests.settled());
  lifecycle.onStop('server', () => closeServer(server, graceMs), graceMs);
  lifecycle.onStop('held requests', () => context.stopping.abort());
  return { context: context.context, url: urlOf(host, port) };
}

async function openContext(
  { settings, logger, tracing }: Pick<ApiContext, 'settings' | 'logger' | 'tracing'>,
  lifecycle: Lifecycle,
): Promise<{ context: ApiContext; stopping: AbortController }> {
  const target = readRedisTarget(settings);
  const redis = connectProducer(target);
  lifecycle.onStop('redis', () => redis.disconnect());
  const connection = connectWorker(target);
  lifecycle.onStop('events redis', () => connection.disconnect());
  const keys = redisKeys(settings.REDIS_PREFIX);
  const conditions = new Conditions(logger);
  const redisWatch = new RedisWatch({ redis, keys, conditions });
  lifecycle.onStop('redis watch', () => redisWatch.close());
  const queues = openQueues(redis, settings.REDIS_PREFIX, { keepJobs: settings.KEEP_JOBS, tracing });
  lifecycle.onStop('queues', () => closeQueues(queues));
  const jobs = { redis, keys, queues };
  const dataDir = resolve(settings.DATA_DIR);
  const modelStore = await openModelStore(settings, dataDir, { polling: settings.WATCH_POLLING });
  const identify = () => identifyStore(settings, dataDir);
  await claimPrefix({ redis, keys, logger, identify, released: settings.RELEASE_STORE }, lifecycle);
  const watcher = new JobWatcher(jobs, connection);
  // BullMQ waits for a connection before it closes it, for ever if Redis never comes.
  lifecycle.onStop('job watcher', () => withTimeout(watcher.close(), WATCHER_CLOSE_MS));
  const store = await openArtifactStore(settings, dataDir);
  lifecycle.onStop('store watch', watchStore(store, conditions));
  const modelFolder = await ModelFolder.open(modelStore, logger);
  lifecycle.onStop('model folder', () => modelFolder.close());
  const exports = new ExportIndex(redis, keys);
  const exportReconciler = new ExportReconciler({ exports, store, logger });
  const catalogue = new Catalogue(redis, keys);
  const activation = new Coalesced(() => readActivation(redis, keys));
  const replicas = new ReplicaDirectory(redis, keys, logger);
  lifecycle.onStop('replica directory', () => replicas.close());
  const modelList = new ModelList({ modelFolder, catalogue, replicas }, activation);
  const modelDetails = new ModelDetails({ modelFolder, catalogue, replicas }, activation);
  const forwarder = new Forwarder(replicas, logger);
  lifecycle.onStop('forwarder', () => forwarder.close());
  const stopping = new AbortController();
  // Every held request listens.
  setMaxListeners(0, stopping.signal);
  const lists = { exportReconciler, modelFolder, modelList, modelDetails };
  const requests = new OpenRequests();
  const uploads = new UploadRegister(redis, keys);
  const files = { store, exports, catalogue, modelStore, uploads, ...lists };
  const parts = { settings, logger, conditions, jobs, redisWatch, watcher, requests, ...files, replicas, forwarder };
  return { context: { ...parts, tracing, stopping: stopping.signal }, stopping };
}
