import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import {
  AppError,
  connectProducer,
  connectWorker,
  createLogger,
  readSettings,
  redisKeys,
  runService,
  runWorker,
  startHealthServer,
  stopWorker,
} from '@caissa/shared';
import type { LoaderContext } from './context.js';
import { ConvertedModels } from './converted-models.js';
import { followPointer } from './follow-pointer.js';
import { HeartbeatSender } from './heartbeat.js';
import { loadProcessor } from './load-model.js';
import { Replica } from './replica.js';
import { LOADER_SETTINGS } from './settings.js';

/** Time for an activation in progress to finish when the service stops; what is left then goes back into the queue. */
const STOP_GRACE_MS = 5_000;

await runService(async (lifecycle) => {
  const settings = readSettings(process.env, LOADER_SETTINGS);
  const { REDIS_URL, REDIS_PREFIX: prefix, HOST: host, HEALTH_PORT: healthPort } = settings;
  const logger = createLogger('loader', settings.LOG_LEVEL);
  const dataDir = resolve(settings.DATA_DIR);
  const modelsFolder = join(dataDir, 'models');
  await mkdir(modelsFolder, { recursive: true });

  const redis = connectProducer(REDIS_URL);
  lifecycle.onStop('redis', () => redis.disconnect());
  const connection = connectWorker(REDIS_URL);
  lifecycle.onStop('worker redis', () => connection.disconnect());
  const subscriber = connectWorker(REDIS_URL);
  lifecycle.onStop('subscriber redis', () => subscriber.disconnect());

  const context: LoaderContext = {
    modelsFolder,
    converted: await ConvertedModels.open(join(dataDir, 'active')),
    expected: { channels: settings.EXPECTED_CHANNELS, blocks: settings.EXPECTED_BLOCKS },
    redis,
    keys: redisKeys(prefix),
    logger,
  };
  const replica = new Replica(context);
  lifecycle.onStop('session', () => replica.close());
  const heartbeat = new HeartbeatSender(
    context,
    `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
    replica,
  );
  lifecycle.onStop('heartbeat', () => heartbeat.stop());
  lifecycle.onStop('follower', followPointer(replica, subscriber, context.keys.activeChannel));

  const processor = loadProcessor(context, replica, () => heartbeat.beat());
  const worker = runWorker({ connection, prefix, logger }, 'load', processor, 1);
  lifecycle.onStop('worker', () => stopWorker(worker, STOP_GRACE_MS));

  if (healthPort !== 0) {
    const ready = async () => {
      await redis.ping();
      if (!replica.isCurrent) throw new AppError('SESSION_FAILED', 'The active model is not served here.');
    };
    const health = await startHealthServer({ host, port: healthPort, ready });
    lifecycle.onStop('health', () => health.close());
  }
  logger.info({}, 'loader ready');
  return logger;
});
