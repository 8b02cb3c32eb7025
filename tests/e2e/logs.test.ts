import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectProducer, waitUntilReady } from '@caissa/redis';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { MARKED_SIZES, markedName, writeMarkedModel } from '../setup/marked-models.js';
import { type System, startSystem } from '../setup/system.js';

// A system with keys and a Redis with a password, which logs all that it can.

const API_KEY = `operator-${randomBytes(16).toString('hex')}`;
const WRONG_KEY = `wrong-${randomBytes(16).toString('hex')}`;
const PASSWORD = `password-${randomBytes(16).toString('hex')}`;
const USER = `logs-${randomBytes(4).toString('hex')}`;

const admin = connectProducer(inject('redisUrl'));
let system: System;
let client: Client;

type Line = Readonly<Record<string, unknown>>;

/** The lines so far; every one has to be JSON. */
const lines = (): Line[] => {
  const whole = system.logs();
  const written = whole.slice(0, whole.lastIndexOf('\n') + 1).split('\n');
  return written.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
};

const from = (service: string, requestId: string): Line[] =>
  lines().filter((line) => line['service'] === service && line['request_id'] === requestId);

const as = (requestId: string) => ({ authorization: `Bearer ${API_KEY}`, 'x-request-id': requestId });

beforeAll(async () => {
  await waitUntilReady(admin, 20_000);
  await admin.call('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
  const redisUrl = inject('redisUrl').replace('//', `//${USER}:${PASSWORD}@`);
  system = await startSystem({
    redisUrl,
    env: { API_KEYS: `operator:otto:${API_KEY}`, LOG_LEVEL: 'trace', ...MARKED_SIZES },
    prepare: async ({ modelsDir }) => {
      await copyFile(join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt'), join(modelsDir, 'model_v1.pt'));
      await writeMarkedModel(modelsDir, 0);
    },
  });
  client = new Client(system.url);
});
afterAll(async () => {
  await system?.stop();
  await admin.call('ACL', 'DELUSER', USER);
  admin.disconnect();
});

it('an export is followed by its request id from the request to the end of the job, and by its job id', async () => {
  const { status, headers, body } = await client.post(
    '/api/model/export/onnx/model_v1?wait=60',
    {},
    as('export:1.a_b-c'),
  );
  expect([status, headers.get('x-request-id')]).toEqual([200, 'export:1.a_b-c']);
  const jobId = body['job_id'];
  await expect.poll(() => from('exporter', 'export:1.a_b-c')).toHaveLength(1);
  expect(from('exporter', 'export:1.a_b-c')[0]).toMatchObject({
    job_id: jobId,
    queue: 'export',
    model_name: 'model_v1',
  });
  await expect.poll(() => from('api', 'export:1.a_b-c')).toHaveLength(1);
  expect(from('api', 'export:1.a_b-c')[0]).toMatchObject({ job_id: jobId, msg: expect.stringMatching(/ 200$/) });
});

it('so is an activation, also one that fails', async () => {
  const load = (model: string, requestId: string) =>
    client.post(`/api/model/load/${model}?wait=60`, undefined, as(requestId));
  const good = await load(markedName(0), 'load-good');
  expect(good.status).toBe(200);
  await expect.poll(() => from('loader', 'load-good')).toMatchObject([{ job_id: good.body['job_id'] }]);
  expect((await load('model_v1', 'load-bad')).status).toBe(422);
  await expect.poll(() => from('api', 'load-bad')).toMatchObject([{ job_id: expect.stringMatching(/^load-/) }]);
  const [{ job_id: jobId } = {}] = from('api', 'load-bad');
  await expect.poll(() => from('loader', 'load-bad')).toMatchObject([{ job_id: jobId, code: 'ARCHITECTURE_MISMATCH' }]);
});

it('a request about a job names it, and one without a good id of its own is given one', async () => {
  const { body, headers } = await client.send('GET', '/api/jobs', undefined, as('spaces and "quotes"'));
  const given = headers.get('x-request-id') ?? '';
  expect(given).toMatch(/^[0-9a-f-]{36}$/);
  await expect.poll(() => from('api', given)).toHaveLength(1);
  const [job] = body['jobs'] as { job_id: string }[];
  await client.send('GET', `/api/jobs/${job?.job_id}`, undefined, as('about-a-job'));
  await expect.poll(() => from('api', 'about-a-job')).toMatchObject([{ job_id: job?.job_id }]);
  const refused = await client.send('GET', '/api/jobs/export-1', undefined, as('no-such-job'));
  expect(refused.body).toMatchObject({ status: 404, request_id: 'no-such-job' });
});

it('nothing that is secret is ever written, whatever goes wrong', async () => {
  const wrong = { 'x-api-key': WRONG_KEY, cookie: `caissa_session=${WRONG_KEY}` };
  expect((await client.send('GET', '/api/jobs', undefined, wrong)).status).toBe(401);
  const signed = `X-Amz-Signature=${PASSWORD}&api_key=${API_KEY}`;
  await client.send('GET', `/api/jobs?${signed}`, undefined, as('signed'));
  await expect.poll(() => from('api', 'signed')).toHaveLength(1);
  await admin.call('ACL', 'SETUSER', USER, 'resetpass', '>another');
  await admin.call('CLIENT', 'KILL', 'USER', USER);
  const answer = await client.send('GET', '/api/jobs', undefined, as('locked-out'));
  expect(answer.body).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
  // The reason stands in the log; ioredis keeps the password beside it.
  await expect.poll(() => system.logs()).toMatch(/WRONGPASS|NOAUTH/);
  await admin.call('ACL', 'SETUSER', USER, 'resetpass', `>${PASSWORD}`);
  await expect.poll(async () => (await client.get('/readyz')).status).toBe(200);
  expect(lines().length).toBeGreaterThan(20);
  for (const secret of [API_KEY, WRONG_KEY, PASSWORD]) expect(system.logs()).not.toContain(secret);
});
