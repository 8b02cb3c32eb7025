import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTraceReceiver, type ReceivedSpan, SPAN_KIND, type TraceReceiver } from '@caissa/testing/trace-receiver';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { type System, startSystem } from '../setup/system.js';

let receiver: TraceReceiver;
let system: System;
let client: Client;

beforeAll(async () => {
  receiver = await openTraceReceiver();
  system = await startSystem({
    redisUrl: inject('redisUrl'),
    env: receiver.env,
    prepare: ({ modelsDir }) =>
      copyFile(join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt'), join(modelsDir, 'model_v1.pt')),
  });
  client = new Client(system.url);
});
afterAll(async () => {
  await system?.stop();
  receiver?.close();
});

/** Sends a request as part of a trace, and waits until its job is over and all of the trace has arrived. */
async function trace(path: string, traceId: string): Promise<(name: string) => ReceivedSpan> {
  const headers = { traceparent: `00-${traceId}-00000000000000aa-01`, 'x-request-id': `asked-${traceId.slice(0, 4)}` };
  const { body } = await client.post(path, {}, headers);
  await client.finish(String(body['job_id']));
  const arrived = () => receiver.spans.filter((span) => span.traceId === traceId);
  // Spans are sent when they end, and these two are the last to end in their processes.
  const last = [SPAN_KIND.server, SPAN_KIND.consumer];
  await expect.poll(() => last.every((kind) => arrived().some((span) => span.kind === kind))).toBe(true);
  return (name) => {
    const found = arrived().filter((span) => span.name === name);
    if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`);
    return found[0] as ReceivedSpan;
  };
}

it('shows an export from the request to the file', async () => {
  const traceId = 'e'.repeat(32);
  const find = await trace('/api/model/export/onnx/model_v1', traceId);
  const request = find('POST /api/model/export/:format/:model_name');
  expect(request).toMatchObject({ service: 'caissa-api', kind: SPAN_KIND.server, parentSpanId: '00000000000000aa' });
  expect(request.attributes).toMatchObject({
    'http.response.status_code': 202,
    'http.route': '/api/model/export/:format/:model_name',
    'url.path': '/api/model/export/onnx/model_v1',
    'caissa.request_id': 'asked-eeee',
  });
  const added = find('add export.export');
  expect(added).toMatchObject({
    service: 'caissa-api',
    kind: SPAN_KIND.producer,
    parentSpanId: request.spanId,
  });
  const attempt = find('process export');
  expect(attempt).toMatchObject({
    service: 'caissa-exporter',
    kind: SPAN_KIND.consumer,
    parentSpanId: added.spanId,
    failed: false,
  });
  expect(attempt.attributes).toMatchObject({
    'bullmq.queue.name': 'export',
    'bullmq.job.id': added.attributes['bullmq.job.id'],
    'caissa.job.attempt': 1,
    'caissa.model_name': 'model_v1',
    'caissa.request_id': 'asked-eeee',
  });
  const lines = () =>
    system
      .logs()
      .split('\n')
      .filter((line) => line.includes(`"trace_id":"${traceId}"`));
  await expect.poll(lines).toHaveLength(2);
  for (const service of ['api', 'exporter'])
    expect(lines().filter((line) => line.includes(`"service":"${service}"`))).toHaveLength(1);
  for (const stage of ['opening', 'converting', 'verifying', 'publishing']) {
    const span = find(`export ${stage}`);
    expect(span).toMatchObject({ service: 'caissa-exporter', parentSpanId: attempt.spanId, failed: false });
    expect(span.durationNs).toBeGreaterThan(0n);
  }
});

it('shows an activation', async () => {
  const find = await trace('/api/model/load/model_v1', 'f'.repeat(32));
  const attempt = find('process load');
  expect(attempt).toMatchObject({ service: 'caissa-loader', parentSpanId: find('add load.load').spanId });
  expect(find('add load.load').parentSpanId).toBe(find('POST /api/model/load/:model_name').spanId);
  for (const stage of ['opening', 'converting', 'warming_up', 'publishing']) {
    expect(find(`load ${stage}`)).toMatchObject({ parentSpanId: attempt.spanId, failed: false });
  }
});

it('begins traces with requests and new work alone, not with idle workers or probes', () => {
  const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  const kinds = new Set<number>([SPAN_KIND.server, SPAN_KIND.producer]);
  expect(roots.filter(({ kind }) => !kinds.has(kind)).map(({ name }) => name)).toEqual([]);
  expect(receiver.spans.filter(({ attributes }) => attributes['url.path'] === '/readyz')).toEqual([]);
});
