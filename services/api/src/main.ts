import { startTracing } from '@caissa/queue';
import { createLogger, runService } from '@caissa/shared/process';
import { readSettings } from '@caissa/shared/settings';
import { API_SETTINGS } from './context.js';
import { startApi } from './start-api.js';

await runService(async (lifecycle) => {
  const settings = readSettings(process.env, API_SETTINGS);
  const logger = createLogger('api', settings.LOG_LEVEL);
  const tracing = await startTracing('api', process.env, logger);
  lifecycle.onStop('traces', () => tracing?.close());
  const { url } = await startApi(settings, logger, lifecycle, tracing);
  logger.info({ url }, `api listens on ${url}`);
  return logger;
});
