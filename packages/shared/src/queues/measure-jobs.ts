import { Histogram, type Registry } from 'prom-client';
import type { JobType } from '../contracts/jobs.js';
import { toAppError } from '../errors/app-error.js';
import type { Processor } from './run-worker.js';

/** Puts a measurement around a processor. */
export type JobMeter = <T extends JobType>(type: T, processor: Processor<T>) => Processor<T>;

/** Measures how long attempts at jobs take and how they end, in a registry. */
export function measureJobs(registry: Registry): JobMeter {
  const seconds = new Histogram({
    name: 'caissa_job_attempt_duration_seconds',
    help: 'Time that an attempt at a job took, by kind of work and outcome: completed, cancelled, or a code of the error table.',
    labelNames: ['type', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers: [registry],
  });
  return (type, processor) => async (item) => {
    const stop = seconds.startTimer({ type });
    try {
      const result = await processor(item);
      stop({ outcome: 'completed' });
      return result;
    } catch (error) {
      stop({ outcome: item.signal.aborted ? 'cancelled' : toAppError(error).code });
      throw error;
    }
  };
}
