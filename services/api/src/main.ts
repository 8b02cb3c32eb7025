import { join, resolve } from 'node:path';
import {
  Catalogue,
  ConfigurationError,
  closeQueues,
  connectProducer,
  connectWorker,
  createLogger,
  ExportIndex,
  JobWatcher,
  LocalArtifactStore,
  openQueues,
  readSettings,
  redisKeys,
  runService,
} from '@caissa/shared';
import { createApp } from './app.js';
import { API_SETTINGS, type ApiContext } from './context.js';
import { closeServer, createHttpServer, listen } from './http/server.js';
import { ModelFolder } from './models/model-folder.js';
import { startUpkeep } from './upkeep.js';

await runService(async (lifecycle) => {
  const settings = readSettings(process.env, API_SETTINGS);
  const logger = createLogger('api', settings.LOG_LEVEL);
  const dataDir = resolve(settings.DATA_DIR);

  const redis = connectProducer(settings.REDIS_URL);
  lifecycle.onStop('redis', () => redis.disconnect());
  const connection = connectWorker(settings.REDIS_URL);
  lifecycle.onStop('events redis', () => connection.disconnect());
  const keys = redisKeys(settings.REDIS_PREFIX);
  const queues = openQueues(redis, settings.REDIS_PREFIX);
  lifecycle.onStop('queues', () => closeQueues(queues));
  const jobs = { redis, keys, queues };
  const watcher = new JobWatcher(jobs, connection);
  lifecycle.onStop('job watcher', () => watcher.close());

  const store = await LocalArtifactStore.open(join(dataDir, 'exports'));
  const folder = join(dataDir, 'models');
  const models = await ModelFolder.open({ folder, polling: settings.WATCH_POLLING, logger });
  lifecycle.onStop('model folder', () => models.close());

  const stopping = new AbortController();
  const context: ApiContext = {
    settings,
    logger,
    jobs,
    watcher,
    store,
    exports: new ExportIndex(redis, keys),
    catalogue: new Catalogue(redis, keys),
    models,
    stopping: stopping.signal,
  };
  const server = createHttpServer(await createApp(context));
  const { address, port, family } = await listen(server, settings.HOST, settings.PORT).catch((error: unknown) => {
    throw cannotListen(error, settings.HOST, settings.PORT);
  });
  lifecycle.onStop('server', () => closeServer(server));
  lifecycle.onStop('held requests', () => stopping.abort());
  startUpkeep(context, lifecycle);
  logger.info({ port }, `api listens on http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
  return logger;
});

/** An address that cannot be used is a matter of configuration: starting again would not help. */
function cannotListen(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program does',
    EADDRNOTAVAIL: 'this machine does not have that address',
    EACCES: 'that takes a privilege',
    ENOTFOUND: 'no machine of that name was found',
  };
  const reason = reasons[String(code)];
  return reason === undefined ? error : new ConfigurationError(`Cannot listen on port ${port} of ${host}: ${reason}.`);
}
