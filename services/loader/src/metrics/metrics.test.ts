import { AppError } from '@caissa/shared/errors';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { loadItem } from '../../test-support/loader-harness.js';
import { InferenceMeter } from './inference-meter.js';
import { measureActivations } from './measure-activations.js';
import { measureAnswers } from './measure-answers.js';
import { measureReplica } from './measure-replica.js';

it('measures batches, requests and where their time went', async () => {
  const registry = new Registry();
  const meter = new InferenceMeter(registry);
  meter.ran(3, 20e6);
  meter.ran(64, 300e6);
  meter.succeeded({ totalNs: 25e6, queueNs: 3e6, inputNs: 1e3, runNs: 20e6 });
  meter.failed();
  const text = await registry.metrics();
  for (const line of [
    'caissa_inference_positions_total 67',
    'caissa_inference_requests_total{outcome="succeeded"} 1',
    'caissa_inference_requests_total{outcome="failed"} 1',
    'caissa_inference_batch_size_bucket{le="2"} 0',
    'caissa_inference_batch_size_bucket{le="4"} 1',
    'caissa_inference_batch_size_count 2',
    'caissa_inference_queue_seconds_sum 0.003',
    'caissa_inference_request_seconds_sum 0.025',
    'caissa_inference_run_seconds_sum 0.32',
  ]) {
    expect(text).toContain(line);
  }
});

it('counts activations by kind and outcome, and changes neither result nor error', async () => {
  const registry = new Registry();
  const failures = [undefined, 'SUPERSEDED', 'CANCELLED', 'NON_FINITE_WEIGHTS', 'REDIS_UNAVAILABLE'] as const;
  let failure: (typeof failures)[number];
  const measured = measureActivations(registry, async () => {
    if (failure !== undefined) throw new AppError(failure, 'no');
    return 'done' as never;
  });
  for (failure of failures) {
    const data = { model_name: 'model_v1', kind: 'rollback' } as const;
    const outcome = measured(loadItem('model_v1', { data }));
    if (failure === undefined) expect(await outcome).toBe('done');
    else await expect(outcome).rejects.toMatchObject({ code: failure });
  }
  const text = await registry.metrics();
  for (const [outcome, count] of [
    ['succeeded', 1],
    ['superseded', 1],
    ['cancelled', 1],
    ['failed', 2],
  ]) {
    expect(text).toContain(`caissa_activations_total{kind="rollback",outcome="${outcome}"} ${count}`);
  }
});

it('shows sessions, restarts and the generation as they are at each scrape', async () => {
  const registry = new Registry();
  let names = ['model_v1', 'model_v2'];
  let sessionRestarts = 2;
  measureReplica(registry, () => ({
    generation: 7,
    queuedPositions: 12,
    sessionRestarts,
    sessions: names.map((name, index) => ({ name, version: '1', state: 'READY', active: index === 0 })),
  }));
  const before = await registry.metrics();
  expect(before).toContain('caissa_replica_generation 7');
  expect(before).toContain('caissa_inference_queue_positions 12');
  expect(before).toContain('caissa_session_restarts_total 2');
  expect(before).toContain('caissa_sessions{model="model_v1",state="READY",active="true"} 1');
  expect(before).toContain('caissa_sessions{model="model_v2",state="READY",active="false"} 1');
  names = ['model_v2'];
  sessionRestarts = 3;
  const after = await registry.metrics();
  expect(after).toContain('caissa_session_restarts_total 3');
  expect(after).not.toContain('model_v1');
});

it('measures answers by route and status', async () => {
  const registry = new Registry();
  measureAnswers(registry)('/v2/models/:model/infer', 200, 0.02);
  expect(await registry.metrics()).toContain(
    'caissa_loader_request_duration_seconds_count{route="/v2/models/:model/infer",status="200"} 1',
  );
});
