import { createLogger, readSettings, runService } from '@caissa/shared';
import { API_SETTINGS } from './context.js';
import { startApi } from './start-api.js';

await runService(async (lifecycle) => {
  const settings = readSettings(process.env, API_SETTINGS);
  const logger = createLogger('api', settings.LOG_LEVEL);
  const { url } = await startApi(settings, logger, lifecycle);
  logger.info({ url }, `api listens on ${url}`);
  return logger;
});
