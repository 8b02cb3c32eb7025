import type { FailedJob } from '@caissa/queue';
import { endTurn } from '@caissa/registry';
import type { AppError } from '@caissa/shared/errors';
import type { LoaderContext } from '../context.js';
import { startOf } from './load-model.js';

/** Notes an activation that failed for good, in case no attempt at it could. Never rejects. */
export async function noteFailedJob(context: LoaderContext, job: FailedJob<'load'>, error: AppError): Promise<void> {
  const { redis, keys, journal } = context;
  const logger = context.logger.child({ job_id: job.id, request_id: job.data.request_id });
  try {
    await journal.conclude(startOf(context, job), error, logger);
    await endTurn(redis, keys, job.id);
  } catch (thrown) {
    logger.debug({ err: thrown }, 'the end of an activation could not be noted');
  }
}
