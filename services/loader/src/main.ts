import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { measureJobs, onJobFailed, runWorker, startTracing, stopWorker, type Tracing } from '@caissa/queue';
import {
  claimPrefix,
  connectProducer,
  connectWorker,
  type RedisClient,
  type RedisTarget,
  RedisWatch,
  readRedisTarget,
  redisKeys,
} from '@caissa/redis';
import { SpareProcess } from '@caissa/session';
import { startHealthServer } from '@caissa/shared/http';
import {
  Conditions,
  createLogger,
  type Lifecycle,
  type Logger,
  measureProcess,
  runService,
} from '@caissa/shared/process';
import { readSettings } from '@caissa/shared/settings';
import { identifyStore, openModelStore } from '@caissa/storage';
import { Registry } from 'prom-client';
import { noteFailedJob } from './activation/activation-notes.js';
import { followPointer } from './activation/follow-pointer.js';
import { HeartbeatSender } from './activation/heartbeat-sender.js';
import { loadProcessor } from './activation/load-processor.js';
import { Replica } from './activation/replica.js';
import type { LoaderEngine } from './inference/loader-engine.js';
import { measureActivations } from './metrics/measure-activations.js';
import { measureReplica } from './metrics/measure-replica.js';
import { type LoaderContext, openContext } from './open-context.js';
import { createEngine, serveInference } from './serve-inference.js';
import { LOADER_SETTINGS } from './settings.js';
import { startStoppableTasks } from './tasks/stoppable-tasks.js';

/** Time for an activation in progress to finish when the service stops; what is left then goes back into the queue. */
const STOP_GRACE_MS = 3_000;

const readLoaderSettings = () => readSettings(process.env, LOADER_SETTINGS);
type Settings = ReturnType<typeof readLoaderSettings>;

/** What a loader is made of. */
interface Loader {
  readonly settings: Settings;
  readonly target: RedisTarget;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  readonly context: LoaderContext;
  readonly engine: LoaderEngine;
  readonly replica: Replica;
  readonly conditions: Conditions;
  readonly redisWatch: RedisWatch;
  /** Whether positions are answered, or will be as soon as a model is active. */
  readonly canAnswer: () => boolean;
  readonly tracing: Tracing | undefined;
}

await runService(async (lifecycle) => {
  const settings = readLoaderSettings();
  const logger = createLogger('loader', settings.LOG_LEVEL);
  const tracing = await startTracing('loader', process.env, logger);
  lifecycle.onStop('traces', () => tracing?.close());
  const loader = { ...(await openLoader(settings, logger, lifecycle)), tracing };
  const heartbeat = await startServing(loader);
  startActivating(loader, heartbeat);
  await startHealth(loader);
  return logger;
});

async function openLoader(settings: Settings, logger: Logger, lifecycle: Lifecycle): Promise<Omit<Loader, 'tracing'>> {
  const { REDIS_PREFIX: prefix, MAX_SESSIONS: maxSessions } = settings;
  const dataDir = resolve(settings.DATA_DIR);
  const models = await openModelStore(settings, dataDir);
  const target = readRedisTarget(settings);
  const redis = connectProducer(target);
  lifecycle.onStop('redis', () => redis.disconnect());
  const identify = () => identifyStore(settings, dataDir);
  const claim = { keys: redisKeys(prefix), identify, released: settings.RELEASE_STORE };
  await claimPrefix({ redis, logger, ...claim }, lifecycle);
  const watched = watchRedis(redis, settings, logger, lifecycle);
  const spare = new SpareProcess();
  lifecycle.onStop('spare process', () => spare.close());
  const tasks = startStoppableTasks(logger);
  lifecycle.onStop('task processes', () => tasks.close());
  const registry = new Registry();
  measureProcess(registry, 'loader');
  watched.conditions.measure(registry);
  // The engine and the shelf share what sessions there may be.
  let engine: LoaderEngine | undefined;
  const context = await openContext({
    dataDir,
    models,
    redis,
    prefix,
    expected: { channels: settings.EXPECTED_CHANNELS, blocks: settings.EXPECTED_BLOCKS },
    tasks,
    logger,
    conditions: watched.conditions,
    spare,
    intraOpThreads: settings.INTRA_OP_THREADS,
    shelfCapacity: () => maxSessions - (engine?.sessionCount ?? 1),
  });
  const opened = createEngine(context, settings, registry);
  engine = opened;
  lifecycle.onStop('other sessions', () => opened.close());
  const replica = new Replica(context, opened);
  lifecycle.onStop('session', () => replica.close());
  const canAnswer = () => replica.status.session !== undefined || replica.status.state === 'idle';
  return { settings, target, logger, lifecycle, registry, context, engine: opened, replica, canAnswer, ...watched };
}

function watchRedis(redis: RedisClient, settings: Settings, logger: Logger, lifecycle: Lifecycle) {
  const conditions = new Conditions(logger);
  const redisWatch = new RedisWatch({ redis, keys: redisKeys(settings.REDIS_PREFIX), conditions });
  lifecycle.onStop('redis watch', () => redisWatch.close());
  return { conditions, redisWatch };
}

/** Answers positions, and tells everybody where. */
async function startServing(loader: Loader): Promise<HeartbeatSender> {
  const { settings, logger, lifecycle, registry, context, engine, replica, canAnswer } = loader;
  const url = await serveInference({ context, engine, ready: canAnswer, registry, logger }, settings, lifecycle);
  measureReplica(registry, () => ({
    generation: replica.status.generation,
    sessionRestarts: replica.sessionRestarts + engine.sessionRestarts,
    sessions: engine.sessions,
    queuedPositions: engine.queuedPositions,
  }));
  const id = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const report = () => {
    const { positionsServed, sessionRestarts, sessions } = engine;
    return { positionsServed, sessionRestarts, sessions };
  };
  const heartbeat = new HeartbeatSender(context, id, replica, { expected: context.expected, url, report });
  lifecycle.onStop('heartbeat', () => heartbeat.stop());
  logger.info({ url }, `loader answers on ${url}`);
  return heartbeat;
}

/** Follows the active pointer, and takes jobs that move it. */
function startActivating(
  { settings, target, logger, lifecycle, registry, context, replica, redisWatch, tracing }: Loader,
  heartbeat: HeartbeatSender,
) {
  const { REDIS_PREFIX: prefix } = settings;
  const beat = () => heartbeat.beat();
  const connection = connectWorker(target);
  lifecycle.onStop('worker redis', () => connection.disconnect());
  const subscriber = connectWorker(target);
  lifecycle.onStop('subscriber redis', () => subscriber.disconnect());
  lifecycle.onStop('follower', followPointer(replica, { ...context, beat }, subscriber, context.keys.activeChannel));
  const load = loadProcessor(context, replica, beat);
  const processor = measureJobs(registry)('load', measureActivations(registry, load));
  const worker = runWorker({ connection, prefix, logger, tracing }, 'load', processor, 1);
  onJobFailed(worker, 'load', (job, error) => void noteFailedJob(context, job, error));
  worker.on('error', (error) => redisWatch.report(error));
  lifecycle.onStop('worker', () => stopWorker(worker, STOP_GRACE_MS));
}

async function startHealth({ settings, lifecycle, registry, conditions, canAnswer }: Loader): Promise<void> {
  const { HOST: host, HEALTH_PORT: port } = settings;
  if (port === 0) return;
  const health = await startHealthServer({ host, port, ready: canAnswer, conditions, registry });
  lifecycle.onStop('health', () => health.close());
}
