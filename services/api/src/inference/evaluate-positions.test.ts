import { activate } from '@caissa/registry';
import { AppError, toProblem } from '@caissa/shared/errors';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type FakeReplica, startFakeReplica } from '../../test-support/fake-replica.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const FEN = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

let api: TestApi;
let replica: FakeReplica;
beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  replica = await startFakeReplica(api.context.jobs);
  await api.context.replicas.refresh();
});
afterEach(async () => {
  await replica.die();
  await api.close();
});

const evaluate = (body: unknown) =>
  fetch(`${api.url}/api/model/evaluate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('passes a question on and the answer back', async () => {
  const answer = JSON.stringify({ success: true, positions: [] });
  replica.answer = (_asked, response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  const response = await evaluate({ fen: FEN, top: 3, model: 'model_v1' });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await response.text()).toBe(answer);
  const [asked] = replica.asked;
  expect(asked).toMatchObject({ method: 'POST', path: '/evaluate' });
  expect(JSON.parse(String(asked?.body))).toEqual({ fen: FEN, top: 3, model: 'model_v1' });
});

it.each([
  [{}, 'either'],
  [{ fen: FEN, fens: [FEN] }, 'either'],
  [{ fens: [] }, '/fens'],
  [{ fens: Array.from({ length: 257 }, () => FEN) }, '/fens'],
  [{ fen: FEN, top: 0 }, '/top'],
  [{ fen: FEN, other: 1 }, 'other'],
])('refuses %j without asking anybody', async (body, named) => {
  const response = await evaluate(body);
  expect(response.status).toBe(400);
  expect(JSON.stringify(await response.json())).toContain(named);
  expect(replica.asked).toEqual([]);
});

it('turns the refusal of a replica into one of its own', async () => {
  const errors = [{ pointer: '/fens/1', detail: 'has no king' }];
  const refusal = new AppError('INVALID_POSITION', 'The second position is not valid.', { errors });
  replica.answer = (_asked, response) => void response.writeHead(400).end(JSON.stringify(toProblem(refusal)));
  const response = await evaluate({ fens: [FEN, 'x'] });
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({
    code: 'INVALID_POSITION',
    detail: refusal.message,
    errors,
    request_id: response.headers.get('x-request-id'),
  });
});

it('passes on how long to wait when all are busy, and says so itself when there is none', async () => {
  const busy = JSON.stringify(toProblem(new AppError('OVERLOADED', 'The queue is full.')));
  replica.answer = (_asked, response) => void response.writeHead(503, { 'retry-after': '4' }).end(busy);
  const full = await evaluate({ fen: FEN });
  expect([full.status, full.headers.get('retry-after')]).toEqual([503, '4']);
  await replica.die();
  const none = await evaluate({ fen: FEN });
  expect([none.status, none.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await none.json()).toMatchObject({ code: 'NO_READY_REPLICA' });
});

it('believes that no model is active only when all say so', async () => {
  const idle = JSON.stringify(toProblem(new AppError('NO_ACTIVE_MODEL', 'No model is active.')));
  replica.answer = (_asked, response) => void response.writeHead(409).end(idle);
  expect((await evaluate({ fen: FEN })).status).toBe(409);
  const other = await startFakeReplica(api.context.jobs);
  await api.context.replicas.refresh();
  for (let round = 0; round < 3; round++) expect((await evaluate({ fen: FEN })).status).toBe(200);
  const opening = JSON.stringify(toProblem(new AppError('NO_READY_REPLICA', 'Not open yet.')));
  other.answer = (_asked, response) => void response.writeHead(503, { 'retry-after': '1' }).end(opening);
  for (let round = 0; round < 2; round++) {
    const response = await evaluate({ fen: FEN });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  }
  await other.die();
});

it('believes the pointer more than replicas that say no model is active', async () => {
  const idle = JSON.stringify(toProblem(new AppError('NO_ACTIVE_MODEL', 'No model is active.')));
  replica.answer = (_asked, response) => void response.writeHead(409).end(idle);
  const { redis, keys } = api.context.jobs;
  const pointer = {
    model_name: 'm',
    version: 1,
    source_sha256: 'a'.repeat(64),
    metadata: {},
    load_date: '',
    job_id: '1',
  };
  await activate(redis, keys, pointer, { sequence: undefined, floor: 0 });
  const response = await evaluate({ fen: FEN });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await response.json()).toMatchObject({ code: 'NO_READY_REPLICA' });
});

it('looks for a model that one replica does not see yet on another', async () => {
  const unknown = JSON.stringify(toProblem(new AppError('MODEL_NOT_FOUND', 'There is no model.')));
  replica.answer = (_asked, response) => void response.writeHead(404).end(unknown);
  const other = await startFakeReplica(api.context.jobs);
  await api.context.replicas.refresh();
  for (let round = 0; round < 3; round++) expect((await evaluate({ fen: FEN, model: 'new' })).status).toBe(200);
  await other.die();
  expect((await evaluate({ fen: FEN, model: 'new' })).status).toBe(404);
});

it('says nothing of what a replica says that it should not', async () => {
  replica.answer = (_asked, response) => void response.writeHead(500).end('Error: at /srv/secret.js:1');
  const response = await evaluate({ fen: FEN });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
});
