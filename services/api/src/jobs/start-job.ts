import {
  enqueue,
  findClaimedJob,
  type IdempotencyClaim,
  isFinal,
  jobLinks,
  notePaused,
  pausedSentence,
  type QueuedJob,
  showJob,
} from '@caissa/queue';
import type { JobDataByType, JobType, JobView } from '@caissa/shared/contracts';
import { AppError, isErrorCode, type Problem } from '@caissa/shared/errors';
import { WAIT_LIMIT_SECONDS } from '@caissa/shared/settings';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import type { Reply, RouteRequest } from '../http/route.js';
import { chooseWait, idempotencyKeySchema, parseIdempotencyKey, type Wait } from './prefer.js';

/** Query of the routes that start work. */
export const waitQuerySchema = z.object({
  wait: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .transform(Number)
    .optional()
    .describe(
      `Seconds to hold the request for the result, as \`Prefer: wait=N\`. More than ${WAIT_LIMIT_SECONDS} is taken as ${WAIT_LIMIT_SECONDS}.`,
    ),
});

/** Headers that the routes that start work understand. */
export const START_HEADERS = {
  Prefer: z
    .string()
    .describe(
      `RFC 7240: \`wait=N\` holds the request for N seconds and for ${WAIT_LIMIT_SECONDS} at most, \`respond-async\` does not hold it.`,
    ),
  'Idempotency-Key': idempotencyKeySchema.describe(
    '1 to 255 visible ASCII characters; requests with the same key and body start one job.',
  ),
} as const;

type StartRequest = RouteRequest<unknown, z.output<typeof waitQuerySchema>, unknown>;

/** Work that a request asks for. */
export interface WantedWork<T extends JobType> {
  readonly type: T;
  /** What the client asked for, in full: two requests with one `Idempotency-Key` must agree on it. */
  readonly claimed: unknown;
  /** Checks whether the work may begin, and returns its payload. What it throws refuses the request. */
  prepare(): Promise<JobDataByType[T]>;
  /** Called with what refused the request. */
  refused?(error: unknown): Promise<void>;
}

/** How long a request is to be held. */
export function chooseRequestWait({ settings }: ApiContext, request: StartRequest): Wait {
  return chooseWait(request.query.wait, preferHeader(request), settings.DEFAULT_WAIT_SECONDS);
}

/**
 * Puts work into its queue and replies 202, or holds the request and replies 200 with the result.
 * @throws AppError REDIS_UNAVAILABLE, IDEMPOTENCY_MISMATCH, INVALID_PARAMETER, what `prepare` throws, or what the job
 * failed with
 */
export async function startJob<T extends JobType>(
  context: ApiContext,
  request: StartRequest,
  work: WantedWork<T>,
  wait = chooseRequestWait(context, request),
): Promise<Reply> {
  const { job, joined } = await findOrEnqueue(context, request, work);
  const jobId = job.id ?? '';
  request.noteJob(jobId);
  const view = wait.seconds > 0 ? await waitForResult(context, request, jobId, wait) : undefined;
  if (view !== undefined && isFinal(view.status)) return replyFinished(view, wait);
  const state = view ?? (joined ? await showJob(context.jobs, jobId) : await stateOfNew(context, work.type));
  return replyAccepted(work.type, jobId, job.data, state, wait);
}

type AcceptedState = Pick<JobView, 'status' | 'queue_paused'>;

/** The work is accepted by now, whether or not it can be told what it waits for. */
async function stateOfNew({ jobs }: ApiContext, type: JobType): Promise<AcceptedState> {
  const state = { type, status: 'queued' } as const;
  const [noted = state] = await notePaused(jobs.queues, [state]).catch(() => [state]);
  return noted;
}

async function findOrEnqueue<T extends JobType>(
  { jobs }: ApiContext,
  request: StartRequest,
  { type, claimed, prepare, refused }: WantedWork<T>,
): Promise<{ job: QueuedJob; joined: boolean }> {
  const claim = claimOf(request, claimed);
  let data: JobDataByType[T];
  try {
    data = await prepare();
  } catch (error) {
    // It may be refused because it has been done: a repeated request gets the job of the first one.
    const known = claim && (await findClaimedJob(jobs, type, claim));
    if (known !== undefined) return { job: known, joined: true };
    await refused?.(error);
    throw error;
  }
  return enqueue(jobs, type, { ...data, requested_by: request.caller.name, request_id: request.requestId }, claim);
}

function preferHeader({ headers }: StartRequest): string | undefined {
  const { prefer } = headers;
  return Array.isArray(prefer) ? prefer.join(',') : prefer;
}

function claimOf({ headers, caller }: StartRequest, request: unknown): IdempotencyClaim | undefined {
  const key = parseIdempotencyKey(headers['idempotency-key']);
  return key === undefined ? undefined : { key, caller: caller.name, request };
}

/** Whether a job waits for an operator, so that there is nothing to hold a request for. */
export function isStuck({ queue_paused: paused }: Pick<JobView, 'queue_paused'>): boolean {
  return paused === true;
}

/** The job was accepted: losing sight of it while waiting must not look like a failure to the client. */
async function waitForResult(
  context: ApiContext,
  { signal }: StartRequest,
  jobId: string,
  { seconds }: Wait,
): Promise<JobView | undefined> {
  try {
    return await context.watcher.waitForEnd(jobId, seconds * 1_000, signal, isStuck);
  } catch (error) {
    if (error instanceof AppError && error.code === 'REDIS_UNAVAILABLE') return undefined;
    throw error;
  }
}

function replyFinished(view: JobView, wait: Wait): Reply {
  if (view.status === 'completed') return { status: 200, headers: waitHeaders(wait), body: view.result };
  if (view.error) throw toError(view.error);
  throw new AppError('CANCELLED', 'The job was cancelled.');
}

/** Says how long the request was held, or was to be held, which is less than asked for where that was too long. */
function waitHeaders({ asked, seconds }: Wait): Record<string, string> {
  return { Vary: 'Prefer', ...(asked && seconds > 0 ? { 'Preference-Applied': `wait=${seconds}` } : {}) };
}

/** The error that a problem document was written from. */
export function toError(problem: Problem): AppError {
  return new AppError(isErrorCode(problem.code) ? problem.code : 'INTERNAL', problem.detail);
}

function replyAccepted(
  type: JobType,
  jobId: string,
  data: { model_name: string; format?: string },
  { status, queue_paused: paused }: AcceptedState,
  wait: Wait,
): Reply {
  const links = jobLinks(jobId);
  const pause = paused ? ` ${pausedSentence([type])}` : '';
  return {
    status: 202,
    headers: { Location: links.self, 'Retry-After': '1', ...waitHeaders(wait) },
    body: {
      success: true,
      job_id: jobId,
      type,
      status,
      status_url: links.self,
      events_url: links.events,
      model_name: data.model_name,
      ...(data.format === undefined ? {} : { format: data.format }),
      ...(paused ? { queue_paused: paused } : {}),
      message: `The work is ${status}. Ask for it at status_url.${pause}`,
    },
  };
}
