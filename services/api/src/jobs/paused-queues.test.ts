import { enqueue } from '@caissa/queue';
import { eventually } from '@caissa/testing/eventually';
import { exportData } from '@caissa/testing/open-test-jobs';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  await api.addModel('model_v1');
  for (const type of ['export', 'inspect'] as const) await queueOf(type).pause();
});
afterEach(() => api.close());

const queueOf = (type: 'export' | 'inspect') => api.context.jobs.queues[type].queue;

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`${api.url}${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const upload = (name: string) =>
  ask(`/api/model/upload/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: 'good bytes',
  });

it('work is accepted, and everybody is told that it waits until its queue is resumed', async () => {
  const { status, body } = await ask('/api/model/export/onnx/model_v1', { method: 'POST' });
  expect(status).toBe(202);
  expect(body).toMatchObject({
    status: 'queued',
    queue_paused: true,
    message: expect.stringContaining(
      'The export queue is paused, so no worker takes its jobs. An operator resumes it on the queue dashboard.',
    ),
  });
  expect((await ask(String(body['status_url']))).body).toMatchObject({ status: 'queued', queue_paused: true });
  expect((await ask('/api/jobs')).body['jobs']).toMatchObject([{ job_id: body['job_id'], queue_paused: true }]);
  await queueOf('export').resume();
  expect((await ask(String(body['status_url']))).body).not.toHaveProperty('queue_paused');
});

it('a request that would wait is answered at once, since nobody works on it', async () => {
  const { status, body } = await ask('/api/model/export/onnx/model_v1?wait=50', { method: 'POST' });
  expect(status).toBe(202);
  expect(body).toMatchObject({ status: 'queued', queue_paused: true });
});

it('metrics tell which queues are paused, and how many jobs wait in them', async () => {
  await enqueue(api.context.jobs, 'export', exportData());
  const text = await (await fetch(`${api.url}/metrics`)).text();
  expect(text).toContain('caissa_queue_paused{queue="export"} 1');
  expect(text).toContain('caissa_queue_paused{queue="load"} 0');
  expect(text).toContain('caissa_queue_jobs{queue="export",state="paused"} 1');
  expect(text).not.toContain('caissa_queue_jobs{queue="export",state="waiting"}');
  expect(text).toContain('caissa_queue_jobs{queue="load",state="waiting"} 0');
});

it('an upload, which a worker has to look into, is refused at once', async () => {
  const { status, body } = await upload('fresh');
  expect([status, body['code']]).toEqual([503, 'QUEUE_PAUSED']);
  expect(await queueOf('inspect').getWaitingCount()).toBe(0);
});

it('an upload does not wait on when its queue is paused meanwhile, and is forgotten', async () => {
  await queueOf('inspect').resume();
  const pending = upload('fresh');
  await eventually('the check is asked for', async () => (await queueOf('inspect').getWaitingCount()) === 1);
  await queueOf('inspect').pause();
  const { status, body } = await pending;
  expect([status, body['code']]).toEqual([503, 'QUEUE_PAUSED']);
  const [job] = await queueOf('inspect').getWaiting();
  expect(job?.data.cancel_requested_at).toBeDefined();
});
