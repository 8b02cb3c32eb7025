import express, { type Express } from 'express';
import type { ApiSettings } from '../context.js';
import { enterBasePath } from './base-path.js';
import { trustProxies } from './trusted-proxies.js';

/**
 * An application without routes, into which requests come as if no proxy were before it.
 * @throws ConfigurationError if the trusted proxies cannot be used
 */
export function createFrontDoor(settings: Pick<ApiSettings, 'BASE_PATH' | 'TRUSTED_PROXIES'>): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').set('case sensitive routing', true);
  trustProxies(app, settings.TRUSTED_PROXIES);
  app.use(enterBasePath(settings.BASE_PATH));
  return app;
}
