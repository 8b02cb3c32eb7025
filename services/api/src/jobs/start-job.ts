import {
  AppError,
  enqueue,
  type IdempotencyClaim,
  isErrorCode,
  isFinal,
  type JobDataByType,
  type JobType,
  type JobView,
  jobLinks,
  type Problem,
  showJob,
} from '@caissa/shared';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import type { Reply, RouteRequest } from '../http/route.js';
import { chooseWait, parseIdempotencyKey, WAIT_LIMIT_SECONDS, type Wait } from './prefer.js';

/** Query of the routes that start work. */
export const waitQuerySchema = z.object({
  wait: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .transform(Number)
    .refine((seconds) => seconds <= WAIT_LIMIT_SECONDS, `must not exceed ${WAIT_LIMIT_SECONDS}`)
    .optional()
    .describe('Seconds to hold the request for the result; as `Prefer: wait=N`.'),
});

/** Headers that the routes that start work understand. */
export const START_HEADERS = {
  Prefer: 'RFC 7240: `wait=N` holds the request for N seconds at most, `respond-async` does not hold it.',
  'Idempotency-Key': '1 to 255 visible ASCII characters; requests with the same key and body start one job.',
} as const;

type StartRequest = RouteRequest<unknown, z.output<typeof waitQuerySchema>, unknown>;

/** What a route may know better than the request and the payload say. */
interface StartOptions {
  readonly wait?: Wait;
  /** What the client asked for, for its `Idempotency-Key`; the kind of work and its payload by default. */
  readonly claimed?: unknown;
}

/** How long a request is to be held. */
export function chooseRequestWait({ settings }: ApiContext, request: StartRequest): Wait {
  return chooseWait(request.query.wait, preferHeader(request), settings.DEFAULT_WAIT_SECONDS);
}

/**
 * Puts work into its queue and answers 202, or holds the request and answers 200 with the result.
 * @throws AppError REDIS_UNAVAILABLE, IDEMPOTENCY_MISMATCH, INVALID_PARAMETER, or what the job failed with
 */
export async function startJob<T extends JobType>(
  context: ApiContext,
  request: StartRequest,
  type: T,
  data: JobDataByType[T],
  { wait = chooseRequestWait(context, request), claimed }: StartOptions = {},
): Promise<Reply> {
  const claim = claimOf(request, claimed ?? [type, data]);
  const complete = { ...data, requested_by: request.caller.name, request_id: request.requestId };
  const { job, joined } = await enqueue(context.jobs, type, complete, claim);
  const jobId = job.id ?? '';
  const view = wait.seconds > 0 ? await waitForResult(context, request, jobId, wait) : undefined;
  if (view !== undefined && isFinal(view.status)) return replyFinished(view, wait);
  const status = joined ? (await showJob(context.jobs, jobId)).status : 'queued';
  return replyAccepted(type, jobId, data, status);
}

function preferHeader({ headers }: StartRequest): string | undefined {
  const { prefer } = headers;
  return Array.isArray(prefer) ? prefer.join(',') : prefer;
}

function claimOf({ headers, caller }: StartRequest, request: unknown): IdempotencyClaim | undefined {
  const key = parseIdempotencyKey(headers['idempotency-key']);
  return key === undefined ? undefined : { key, caller: caller.name, request };
}

/** The job was accepted: losing sight of it while waiting is no reason to tell the client that it failed. */
async function waitForResult(
  context: ApiContext,
  { signal }: StartRequest,
  jobId: string,
  { seconds }: Wait,
): Promise<JobView | undefined> {
  try {
    return await context.watcher.waitForEnd(jobId, seconds * 1_000, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'REDIS_UNAVAILABLE') return undefined;
    throw error;
  }
}

function replyFinished(view: JobView, wait: Wait): Reply {
  if (view.status === 'completed') {
    const applied = wait.asked ? { 'Preference-Applied': `wait=${wait.seconds}` } : {};
    return { status: 200, headers: { Vary: 'Prefer', ...applied }, body: view.result };
  }
  if (view.error) throw toError(view.error);
  throw new AppError('CANCELLED', 'The job was cancelled.');
}

/** The error that a problem document was written from. */
export function toError(problem: Problem): AppError {
  return new AppError(isErrorCode(problem.code) ? problem.code : 'INTERNAL', problem.detail);
}

function replyAccepted(
  type: JobType,
  jobId: string,
  data: { model_name: string; format?: string },
  status: JobView['status'],
): Reply {
  const links = jobLinks(jobId);
  return {
    status: 202,
    headers: { Location: links.self, 'Retry-After': '1', Vary: 'Prefer' },
    body: {
      success: true,
      job_id: jobId,
      type,
      status,
      status_url: links.self,
      events_url: links.events,
      model_name: data.model_name,
      ...(data.format === undefined ? {} : { format: data.format }),
      message: `The work is ${status}. Ask for it at ${links.self}.`,
    },
  };
}
