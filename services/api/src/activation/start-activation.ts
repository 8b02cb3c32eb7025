import { setTimeout as delay } from 'node:timers/promises';
import { type Heartbeat, hasReached, readHeartbeats } from '@caissa/registry';
import { type ActivationResult, loadResultSchema, unloadResultSchema } from '@caissa/shared/contracts';
import { WAIT_LIMIT_SECONDS } from '@caissa/shared/settings';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import type { Reply, RouteRequest } from '../http/route.js';
import { chooseRequestWait, startJob, type WantedWork, waitQuerySchema } from '../jobs/start-job.js';

/** How often the loaders are checked; they report as soon as they have caught up. */
const LOOK_INTERVAL_MS = 100;

/** Query of the routes that change what is served. */
export const activationQuerySchema = waitQuerySchema.extend({
  wait_for: z
    .enum(['all'], 'must be all')
    .optional()
    .describe(
      `Holds the request until every live loader has caught up too, ${WAIT_LIMIT_SECONDS} seconds unless \`wait\` says less; \`not_ready\` in the answer names those that had not by then.`,
    ),
});

type ActivationRequest = RouteRequest<unknown, z.output<typeof activationQuerySchema>, unknown>;

/** Starts an activation as {@link startJob} does and, if asked to, waits for all loaders. */
export async function startActivation(
  context: ApiContext,
  request: ActivationRequest,
  work: Omit<WantedWork<'load'>, 'type'>,
): Promise<Reply> {
  const asked = chooseRequestWait(context, request);
  const forAll = request.query.wait_for === 'all';
  const wait = forAll && !asked.asked ? { seconds: WAIT_LIMIT_SECONDS, asked: false } : asked;
  const deadline = performance.now() + wait.seconds * 1_000;
  const reply = await startJob(context, request, { type: 'load', ...work }, wait);
  if (!forAll || reply.status !== 200 || !('body' in reply)) return reply;
  const result = z.union([loadResultSchema, unloadResultSchema]).parse(reply.body);
  return { ...reply, body: await waitForAll(context, result, deadline, request.signal) };
}

async function waitForAll(
  { jobs: { redis, keys } }: ApiContext,
  result: ActivationResult,
  deadline: number,
  signal: AbortSignal,
): Promise<ActivationResult> {
  for (;;) {
    // The activation holds, so an outage of Redis must not make it look failed.
    const heartbeats = await readHeartbeats(redis, keys).catch(() => undefined);
    const late = heartbeats?.filter((one) => !hasReached(one, result.generation));
    const isOver = performance.now() >= deadline || signal.aborted;
    if (heartbeats && late && (late.length === 0 || isOver)) {
      const replicas = { ready: heartbeats.length - late.length, total: heartbeats.length };
      return { ...result, replicas, not_ready: late.map(describeLate) };
    }
    if (isOver) return result;
    await delay(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function describeLate({ id, host, state, generation, problem }: Heartbeat) {
  return { id, host, state, generation, problem };
}
