import type { RedisClient } from '@caissa/redis';
import type { HeldLock } from '@caissa/registry';
import {
  JOB_DATA_SCHEMAS,
  type JobDataByType,
  type JobProgress,
  type JobResultByType,
  type JobType,
} from '@caissa/shared/contracts';
import { AppError, toAppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { formatFailedReason } from './failed-jobs.js';
import { confirmLock, jobLost } from './job-lock.js';
import { dropLargeMetadata, toKeptResult } from './kept-job.js';
import { ProgressReporter, StageFollower } from './progress.js';
import type { Span, Tracing } from './tracing/tracing.js';

/** One piece of work, as a processor sees it. It may be handed out more than once, to several workers even. */
export interface WorkItem<T extends JobType> {
  readonly id: string;
  readonly data: JobDataByType[T];
  /** When the job was created. */
  readonly createdAt: Date;
  /** Whether no worker can have begun this job before. */
  readonly firstAttempt: boolean;
  /**
   * Aborted with an {@link AppError} CANCELLED when somebody cancels the job, with JOB_LOST when another worker may have it,
   * and when this worker is being stopped.
   */
  readonly signal: AbortSignal;
  /** What a script of Redis can check, together with what it writes. */
  readonly lock: HeldLock;
  /** Settles if this worker still holds the job. Waits while Redis is away. @throws AppError JOB_LOST, REDIS_UNAVAILABLE */
  confirm(): Promise<void>;
  readonly logger: Logger;
  /** Tells how far the work is. Cheap: calls are gathered. */
  report(progress: JobProgress): void;
}

/** Does one piece of work. An error that is not retryable, by the error table, ends the job. */
export type Processor<T extends JobType> = (item: WorkItem<T>) => Promise<JobResultByType[T]>;

/** What a worker needs. */
export interface WorkerContext {
  /** A connection that waits while Redis is away. */
  readonly connection: RedisClient;
  readonly prefix: string;
  readonly logger: Logger;
  /** Where each attempt at a job is a span, with its stages, in the trace of the request that asked for it. */
  readonly tracing?: Tracing | undefined;
}

/**
 * A worker that has died is noticed within its lock and two checks. Processors never block for that long. Nobody else can
 * activate a model meanwhile, so that is noticed sooner; a job that is done twice for want of time does no harm.
 */
const LOCKS: Readonly<Record<JobType, { readonly lockMs: number; readonly checkMs: number }>> = {
  export: { lockMs: 15_000, checkMs: 5_000 },
  inspect: { lockMs: 15_000, checkMs: 5_000 },
  load: { lockMs: 5_000, checkMs: 1_000 },
};

/** Why BullMQ is told to stop a job that another worker may have. */
const LOST = 'lost';

/** How often an active job looks whether it was cancelled. Short jobs never look. */
const CANCEL_CHECK_MS = 250;

/** Begins to take jobs of one kind. Jobs are validated against their contract before the processor sees them. */
export function runWorker<T extends JobType>(
  context: WorkerContext,
  type: T,
  processor: Processor<T>,
  concurrency: number,
): Worker {
  const { lockMs, checkMs } = LOCKS[type];
  const worker: Worker = new Worker(
    type,
    (job: Job, token?: string, stopped?: AbortSignal) =>
      processJob({ type, job, token, stopped, processor, worker }, context),
    {
      connection: context.connection,
      prefix: context.prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: checkMs,
      maxStalledCount: 5,
      skipVersionCheck: true,
      ...(context.tracing && { telemetry: context.tracing.telemetry }),
    },
  );
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, LOST);
  });
  worker.on('completed', (job) => {
    dropLargeMetadata(worker, job).catch((error: unknown) =>
      context.logger.debug({ err: error, job_id: job.id }, 'large metadata stays with its job'),
    );
  });
  worker.on('error', (error) => context.logger.debug({ err: error, queue: type }, 'the queue connection failed'));
  return worker;
}

/**
 * Stops taking jobs and lets those in progress finish. What is not finished after `graceMs` is aborted and put back into
 * the queue, where another worker finds it at once; it does not count as an attempt.
 */
export async function stopWorker(worker: Worker, graceMs: number): Promise<void> {
  const timer = setTimeout(() => worker.cancelAllJobs(), graceMs);
  try {
    await worker.close();
  } finally {
    clearTimeout(timer);
  }
}

/** Why a run is aborted when its worker stops. */
class HandedBack extends Error {
  override readonly name = 'HandedBack';
}

interface Run<T extends JobType> {
  readonly type: T;
  readonly job: Job;
  /** Proves to Redis that this worker holds the job. */
  readonly token: string | undefined;
  /** Aborted when the worker is being stopped, and when it has lost the job. */
  readonly stopped: AbortSignal | undefined;
  readonly processor: Processor<T>;
  readonly worker: Worker;
}

async function processJob<T extends JobType>(
  { type, job, token, stopped, processor, worker }: Run<T>,
  { logger: parent, tracing }: WorkerContext,
): Promise<JobResultByType[T]> {
  const span = describeAttempt(tracing?.current(), job);
  const logger = parent.child({ job_id: job.id, request_id: job.data?.request_id, trace_id: span?.traceId });
  const stages = new StageFollower((stage) => span && beginStage(span, type, stage));
  const reporter = new ProgressReporter((progress) => job.updateProgress(progress));
  const cancellation = watchCancellation(worker, job.id ?? '', stopped);
  const lock = { key: `${worker.toKey(job.id ?? '')}:lock`, token: token ?? '' };
  const confirm = () => confirmLock(job, lock, LOCKS[type].lockMs);
  try {
    const data = JOB_DATA_SCHEMAS[type].parse(job.data) as JobDataByType[T];
    throwIfCancelled(data.cancel_requested_at);
    const result = await processor({
      id: job.id ?? '',
      data,
      createdAt: new Date(job.timestamp),
      firstAttempt: isFirstAttempt(job),
      signal: cancellation.signal,
      lock,
      confirm,
      logger,
      report: (progress) => {
        stages.enter(progress.stage);
        reporter.report(progress);
      },
    });
    logger.info({ model_name: data.model_name, queue: type }, result.message);
    await reporter.drop();
    return toKeptResult(type, result);
  } catch (thrown) {
    const reason = await whyEnded(cancellation.signal, thrown, confirm);
    const { code } = toAppError(reason);
    // Who has lost a job has nothing to say of it.
    await (code === 'JOB_LOST' ? reporter.drop() : reporter.flush());
    if (reason instanceof HandedBack) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    stages.leave(code);
    span?.fail(code);
    throw toQueueError(reason, logger);
  } finally {
    stages.leave();
    cancellation.stop();
  }
}

/** Why an attempt ended: whatever else has gone wrong with one whose job another worker has, that is why. */
async function whyEnded(signal: AbortSignal, thrown: unknown, confirm: () => Promise<void>): Promise<unknown> {
  if (signal.aborted) return signal.reason;
  return confirm().then(
    () => thrown,
    (refusal) => (toAppError(refusal).code === 'JOB_LOST' ? refusal : thrown),
  );
}

/** Says in the span of an attempt, which BullMQ begins and ends, what BullMQ does not know. */
function describeAttempt(span: Span | undefined, job: Job): Span | undefined {
  span?.set({
    'caissa.job.attempt': job.attemptsStarted,
    'caissa.model_name': job.data?.model_name,
    'caissa.request_id': job.data?.request_id,
  });
  return span;
}

function beginStage(attempt: Span, type: JobType, stage: string): (failure?: string) => void {
  const span = attempt.begin(`${type} ${stage}`);
  return (failure) => {
    if (failure !== undefined) span.fail(failure);
    span.end();
  };
}

/** A retry that somebody asked for counts attempts anew, but does not forget how the earlier ones failed. */
function isFirstAttempt(job: Job): boolean {
  return job.attemptsStarted <= 1 && job.stalledCounter === 0 && (job.stacktrace ?? []).length === 0;
}

/** The only place that knows how BullMQ is told not to try again. */
function toQueueError(thrown: unknown, logger: Logger): Error {
  const error = toAppError(thrown);
  const reason = formatFailedReason(error);
  if (error.code === 'INTERNAL') logger.error({ err: thrown }, 'the job failed for a reason nobody foresaw');
  else logger.warn({ code: error.code }, error.message);
  // It says that the job's state has been seen to.
  if (error.code === 'JOB_LOST') return new WaitingError();
  return withoutStack(error.retryable ? new Error(reason) : new UnrecoverableError(reason));
}

/** BullMQ keeps the stack of each attempt with its job; ours would tell where this file throws. */
function withoutStack(error: Error): Error {
  error.stack = error.name;
  return error;
}

function throwIfCancelled(requestedAt: string | undefined): void {
  if (requestedAt !== undefined) throw cancelled();
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'The job was cancelled.');
}

function watchCancellation(
  worker: Worker,
  jobId: string,
  stopped: AbortSignal | undefined,
): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  stopped?.addEventListener('abort', () =>
    controller.abort(stopped.reason === LOST ? jobLost() : new HandedBack('the worker is being stopped')),
  );
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      const fresh = await Job.fromId(worker, jobId);
      if (fresh?.data?.cancel_requested_at !== undefined) controller.abort(cancelled());
    } catch {
      // Redis is away; the next look will tell.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), CANCEL_CHECK_MS);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
