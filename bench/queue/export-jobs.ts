import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { enqueue, showJob } from '@caissa/queue';
import { jobSchema } from '@caissa/shared/contracts';
import type { HttpClient } from '../accept/http-client.js';
import { manyAtOnce } from '../harness/many-at-once.js';
import type { QueueClient } from '../harness/queue-client.js';

const POLL_MS = 1;
const DRAIN_POLL_MS = 10;
const IN_FLIGHT = 16;
const PATIENCE_MS = 300_000;
const MANIFEST = '.manifest.json';

let asked = 0;

/** A payload that nobody has sent yet: the same one again would join the job that is there. */
function newRequest() {
  asked += 1;
  return { metadata: { number: asked }, options: { opset: 11, verify: 'none' } } as const;
}

/** Milliseconds from the POST until a poller sees `completed`, without those that the job says it took itself. */
export async function roundTrip(client: HttpClient): Promise<number> {
  const begun = performance.now();
  const posted = await client.call({ method: 'POST', path: '/api/model/export/onnx/tiny', json: newRequest() });
  if (posted.status !== 202) throw new Error(`${posted.status}: ${posted.body}`);
  const { status_url: path } = JSON.parse(posted.body.toString()) as { status_url: string };
  for (;;) {
    const job = jobSchema.parse(JSON.parse((await client.call({ method: 'GET', path })).body.toString()));
    if (job.status === 'failed') throw new Error(job.error?.detail);
    if (job.status === 'completed') {
      const workMs = Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? '');
      return performance.now() - begun - workMs;
    }
    await delay(POLL_MS);
  }
}

/**
 * Jobs a second, from adding the first until the last is over.
 * @throws Error if a job is not completed, or did not leave exactly one export
 */
export async function throughput({ context }: QueueClient, exportsFolder: string, jobs: number): Promise<number> {
  const ids = new Set<string>();
  const begun = performance.now();
  await manyAtOnce(jobs, IN_FLIGHT, async () => {
    const data = { model_name: 'tiny', format: 'onnx', ...newRequest() } as const;
    ids.add((await enqueue(context, 'export', data)).job.id ?? '');
  });
  const { queue } = context.queues.export;
  const deadline = Date.now() + PATIENCE_MS;
  while ((await queue.getJobCountByTypes('waiting', 'active', 'delayed')) > 0) {
    if (Date.now() > deadline) throw new Error('The jobs do not come to an end.');
    await delay(DRAIN_POLL_MS);
  }
  const elapsedMs = performance.now() - begun;
  const made = new Set<string>();
  for (const id of ids) {
    const { status, result, error } = await showJob(context, id);
    if (status !== 'completed' || !result || !('filename' in result)) throw new Error(error?.detail ?? status);
    made.add(`${result.filename}${MANIFEST}`);
  }
  const found = (await readdir(exportsFolder)).filter((name) => name.endsWith(MANIFEST));
  if (ids.size !== jobs || made.size !== jobs || found.length !== jobs || !found.every((name) => made.has(name))) {
    throw new Error(`${jobs} exports were asked for; ${ids.size} jobs made ${found.length}.`);
  }
  await clear(context, exportsFolder);
  return (jobs * 1_000) / elapsedMs;
}

/** Forgets the exports, so that every round finds the same. */
export async function clear({ redis, keys }: QueueClient['context'], exportsFolder: string): Promise<void> {
  await redis.del(keys.exports, keys.exportsByDate);
  for (const name of await readdir(exportsFolder)) await rm(join(exportsFolder, name), { force: true });
}
