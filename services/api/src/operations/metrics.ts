import { type JobsContext, readPausedQueues } from '@caissa/queue';
import { countReplicas, readActivation, readHeartbeats, readPointer } from '@caissa/registry';
import { JOB_TYPES, type JobType } from '@caissa/shared/contracts';
import { withTimeout } from '@caissa/shared/process';
import type { RequestHandler } from 'express';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { ApiContext } from '../context.js';
import { methodOf, routeOf } from '../http/route-pattern.js';

/** Measures how long requests take, by the pattern of their route: names of models and jobs must not make new series. */
export function measureRequests(registry: Registry): RequestHandler {
  const seconds = new Histogram({
    name: 'caissa_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route pattern, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });
  return (request, response, next) => {
    const stop = seconds.startTimer();
    response.once('close', () => {
      // A client that left before the response was complete is not a success, whatever its status.
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      stop({ route: routeOf(request), method: methodOf(request), status });
    });
    next();
  };
}

/** Longest time that asking Redis may add to a scrape. */
const ASK_TIMEOUT_MS = 800;

/** Asks Redis, or returns undefined at once when it is down: a scrape must not fail or wait because Redis does. */
async function ask<T>({ redis }: JobsContext, question: () => Promise<T>): Promise<T | undefined> {
  if (redis.status !== 'ready') return undefined;
  try {
    return await withTimeout(question(), ASK_TIMEOUT_MS);
  } catch {
    return undefined;
  }
}

/** Adds what Redis knows about the whole system. Series without a known value are left out or `NaN`. */
export function measureSystem(registry: Registry, { jobs, redisWatch }: Pick<ApiContext, 'jobs' | 'redisWatch'>): void {
  const registers = [registry];
  const redisUp: Gauge = new Gauge({
    name: 'caissa_redis_up',
    help: 'Whether Redis answers and takes writes (1) or not (0); caissa_condition tells why.',
    registers,
    collect: () => redisUp.set(redisWatch.isUp ? 1 : 0),
  });
  const queued = new Gauge({
    name: 'caissa_queue_jobs',
    help: 'Jobs by queue and state, as BullMQ counts them; those that wait in a paused queue are paused.',
    labelNames: ['queue', 'state'],
    registers,
    collect: async () => {
      const counts = await ask(jobs, () => countJobs(jobs));
      queued.reset();
      for (const { queue, state, count } of counts ?? []) queued.set({ queue, state }, count);
    },
  });
  const paused = new Gauge({
    name: 'caissa_queue_paused',
    help: 'Whether operators have paused a queue (1), so that no worker takes its jobs, or not (0).',
    labelNames: ['queue'],
    registers,
    collect: async () => {
      const stopped = await ask(jobs, () => readPausedQueues(jobs.queues));
      paused.reset();
      for (const queue of stopped ? JOB_TYPES : []) paused.set({ queue }, Number(stopped?.has(queue)));
    },
  });
  const oldest = new Gauge({
    name: 'caissa_queue_oldest_waiting_seconds',
    help: 'Time since the job was created that has waited longest for a worker, by queue; 0 where none waits.',
    labelNames: ['queue'],
    registers,
    collect: async () => {
      const ages = await ask(jobs, () => ageOldest(jobs));
      oldest.reset();
      for (const { queue, seconds } of ages ?? []) oldest.set({ queue }, seconds);
    },
  });
  const workers = new Gauge({
    name: 'caissa_workers',
    help: 'Workers that are there to take jobs, by queue; an exporter or loader that fails again and again is missing.',
    labelNames: ['queue'],
    registers,
    collect: async () => {
      const counts = await ask(jobs, () => countWorkers(jobs));
      workers.reset();
      for (const { queue, count } of counts ?? []) workers.set({ queue }, count);
    },
  });
  const exported: Gauge = new Gauge({
    name: 'caissa_exports',
    help: 'Exports that can be downloaded.',
    registers,
    collect: async () => {
      exported.set((await ask(jobs, () => jobs.redis.zcard(jobs.keys.exportsByDate))) ?? Number.NaN);
    },
  });
  const active: Gauge = new Gauge({
    name: 'caissa_active_model',
    help: 'Whether a model is active (1) or none is (0).',
    registers,
    collect: async () => {
      const state = await ask(jobs, () => readPointer(jobs.redis, jobs.keys));
      active.set(state === undefined ? Number.NaN : Number(state.pointer !== null));
    },
  });
  const replicas = new Gauge({
    name: 'caissa_loader_replicas',
    help: 'Loaders that serve the active model (ready) and that report themselves (total).',
    labelNames: ['state'],
    registers,
    collect: async () => {
      const counts = await ask(jobs, () => countLoaders(jobs));
      replicas.reset();
      for (const [state, count] of Object.entries(counts ?? {})) replicas.set({ state }, count);
    },
  });
}

async function countJobs({ queues }: JobsContext): Promise<{ queue: JobType; state: string; count: number }[]> {
  const all = await Promise.all(
    JOB_TYPES.map(async (queue) =>
      Object.entries(await queues[queue].queue.getJobCounts()).map(([state, count]) => ({ queue, state, count })),
    ),
  );
  const paused = await readPausedQueues(queues);
  // BullMQ leaves them among those that wait for a worker.
  return all
    .flat()
    .map((one) => (one.state === 'waiting' && paused.has(one.queue) ? { ...one, state: 'paused' } : one));
}

function countWorkers({ queues }: JobsContext): Promise<{ queue: string; count: number }[]> {
  return Promise.all(JOB_TYPES.map(async (queue) => ({ queue, count: await queues[queue].queue.getWorkersCount() })));
}

function ageOldest({ queues }: JobsContext): Promise<{ queue: string; seconds: number }[]> {
  return Promise.all(
    JOB_TYPES.map(async (queue) => {
      const [first] = await queues[queue].queue.getJobs(['waiting'], 0, 0, true);
      // The clock of the process that created the job may be ahead of ours.
      const ageMs = first ? Math.max(Date.now() - first.timestamp, 0) : 0;
      return { queue, seconds: ageMs / 1_000 };
    }),
  );
}

async function countLoaders({ redis, keys }: JobsContext): Promise<{ ready: number; total: number }> {
  const [heartbeats, activation] = await Promise.all([readHeartbeats(redis, keys), readActivation(redis, keys)]);
  return countReplicas(heartbeats, activation?.generation ?? 0);
}
