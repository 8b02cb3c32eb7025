import { randomUUID } from 'node:crypto';
import { closeQueues, type JobsContext, openQueues } from '@caissa/queue';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import { PROBLEM_FORMAT } from '@caissa/shared/http';
import { createLogger } from '@caissa/shared/process';
import { readSettings } from '@caissa/shared/settings';
import type { Express } from 'express';
import { readAccessKeys } from '../src/access/access-keys.js';
import { type Access, callerOf, createAccess } from '../src/access/create-access.js';
import { API_SETTINGS, type ApiSettings } from '../src/context.js';
import { createFrontDoor } from '../src/http/front-door.js';
import { identifyRequest } from '../src/http/request-id.js';
import { refuseUnknownRoute, sendFailures } from '../src/http/send-problem.js';

/** Keys of the tests. */
export const VIEWER_KEY = 'viewer-key-0123456789';
export const OPERATOR_KEY = 'operator-key-0123456789:with:colons';

/** Settings with both keys of the tests. */
export const WITH_KEYS = { API_KEYS: `viewer:vera:${VIEWER_KEY},operator:otto:${OPERATOR_KEY}` };

/** Access rules over a real Redis, in front of routes that do nothing. */
export interface TestAccess {
  readonly app: Express;
  readonly jobs: JobsContext;
  readonly settings: ApiSettings;
  /** Another server with other settings on the same Redis keys, as after a restart. */
  restart(env: Record<string, string>): Promise<Express>;
  close(): Promise<void>;
}

/** Opens an application with access rules. `mount` adds routes; `GET`, `POST /thing` and `GET /page` are there. */
export async function openTestAccess(
  redisUrl: string,
  env: Record<string, string> = {},
  mount: (app: Express, access: Access, context: { jobs: JobsContext }) => void = () => undefined,
): Promise<TestAccess> {
  const redis = connectProducer(redisUrl);
  await waitUntilReady(redis, 20_000);
  const prefix = `test-${randomUUID()}`;
  const jobs = { redis, keys: redisKeys(prefix), queues: openQueues(redis, prefix) };
  const logger = createLogger('test', 'silent');
  const open = async (variables: Record<string, string>) => {
    const settings = readSettings({ RATE_LIMIT_PER_MINUTE: '0', ...variables }, API_SETTINGS);
    const access = createAccess({ settings, logger, jobs }, await readAccessKeys(settings));
    const app = createFrontDoor(settings);
    app.use(identifyRequest, ...access.guards, access.router);
    app.get('/thing', ...access.allow('viewer'), (_request, response) => {
      response.json(callerOf(response));
    });
    app.post('/thing', ...access.allow('operator'), (_request, response) => {
      response.json(callerOf(response));
    });
    app.get('/page', ...access.allowPage('viewer'), (_request, response) => {
      response.send('page');
    });
    mount(app, access, { jobs });
    app.use(refuseUnknownRoute, sendFailures(logger, PROBLEM_FORMAT));
    return { app, settings };
  };
  return {
    ...(await open(env)),
    jobs,
    restart: async (variables) => (await open(variables)).app,
    close: async () => {
      await closeQueues(jobs.queues);
      redis.disconnect();
    },
  };
}
