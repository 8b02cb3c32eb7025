import type { JobType } from '@caissa/shared/contracts';
import { AppError, toAppError } from '@caissa/shared/errors';
import { Histogram, type Registry } from 'prom-client';
import { StageFollower } from './progress.js';
import type { Processor } from './run-worker.js';

/** Puts a measurement around a processor. */
export type JobMeter = <T extends JobType>(type: T, processor: Processor<T>) => Processor<T>;

/** Seconds that work takes: from an inspection that finds nothing to do, to an export of many gigabytes. */
const WORK_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

const MS_PER_SECOND = 1_000;

/** Measures in a registry how long jobs wait, how long attempts at them and their stages take, and how attempts end. */
export function measureJobs(registry: Registry): JobMeter {
  const registers = [registry];
  const waits = new Histogram({
    name: 'caissa_job_wait_seconds',
    help: 'Time from the creation of a job to its first attempt, by queue.',
    labelNames: ['queue'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800],
    registers,
  });
  const attempts = new Histogram({
    name: 'caissa_job_attempt_duration_seconds',
    help: 'Time that an attempt at a job took, by queue and outcome: completed, cancelled, returned (to the queue, because its worker was stopped), or a code of the error table.',
    labelNames: ['queue', 'outcome'],
    buckets: WORK_SECONDS,
    registers,
  });
  const stages = new Histogram({
    name: 'caissa_job_stage_duration_seconds',
    help: 'Time that a stage of an attempt at a job took, by queue and stage (opening, converting, verifying and so on).',
    labelNames: ['queue', 'stage'],
    buckets: WORK_SECONDS,
    registers,
  });
  return (queue, processor) => async (item) => {
    // The clocks of two machines may differ by more than a job has waited.
    const waitedMs = Math.max(Date.now() - item.createdAt.getTime(), 0);
    if (item.firstAttempt) waits.observe({ queue }, waitedMs / MS_PER_SECOND);
    const stop = attempts.startTimer({ queue });
    const follower = new StageFollower((stage) => {
      const end = stages.startTimer({ queue, stage });
      return () => void end();
    });
    const report: typeof item.report = (progress) => {
      follower.enter(progress.stage);
      item.report(progress);
    };
    try {
      const result = await processor({ ...item, report });
      stop({ outcome: 'completed' });
      return result;
    } catch (error) {
      stop({ outcome: item.signal.aborted ? nameAbort(item.signal.reason) : toAppError(error).code });
      throw error;
    } finally {
      follower.leave();
    }
  };
}

/** A job is cancelled or lost with an error of ours; any other reason is its worker's. */
function nameAbort(reason: unknown): string {
  if (!(reason instanceof AppError)) return 'returned';
  return reason.code === 'CANCELLED' ? 'cancelled' : reason.code;
}
