import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectProducer, connectWorker, redisKeys, waitUntilReady } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import { createLogger } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import { openTraceReceiver } from '@caissa/testing/trace-receiver';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { enqueue } from '../enqueue.js';
import { closeQueues, openQueues } from '../queues.js';
import { runWorker, stopWorker } from '../run-worker.js';
import { startTracing } from './start-tracing.js';

const logger = createLogger('test', 'silent');
const closers: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) await close();
});

/** What OpenTelemetry reads, it reads from the environment of the process. */
function setEnvironment(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

describe('without a collector', () => {
  // prom-client brings along the interface of OpenTelemetry, without anything behind it.
  const program = `
import { createRequire } from 'node:module';
import { createLogger } from '@caissa/shared/process';
import { openQueues, runWorker, startTracing } from '@caissa/queue';
const tracing = await startTracing('test', process.env, createLogger('test', 'silent'));
const loaded = Object.keys(createRequire(import.meta.url).cache).some((path) => /@opentelemetry.(?!api\\b)|bullmq-otel/.test(path));
process.stdout.write(JSON.stringify({ on: tracing !== undefined, loaded }));
process.exit(0);
`;
  const run = async (env: Record<string, string>) => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, env });
    return JSON.parse(stdout) as unknown;
  };

  test.each([
    {},
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
  ])('nothing of OpenTelemetry is loaded: %j', async (env) => {
    expect(await run(env)).toEqual({ on: false, loaded: false });
  });

  test.each([{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, { OTEL_TRACES_EXPORTER: 'otlp' }])(
    'and it is with one: %j',
    async (env) => {
      expect(await run(env)).toEqual({ on: true, loaded: true });
    },
  );
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER is "zipkin" but must be otlp or none.'],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc" but must be http/protobuf or http/json.',
  ],
])('%j is refused', async (env, message) => {
  await expect(startTracing('test', env, logger)).rejects.toThrow(new ConfigurationError(message));
});

test('a job that fails and is tried again is one trace, and says where it failed', async () => {
  const receiver = await openTraceReceiver();
  closers.push(() => receiver.close());
  setEnvironment(receiver.env);
  const tracing = await startTracing('test', receiver.env, logger);
  closers.push(() => tracing?.close());
  const prefix = `test-${randomUUID()}`;
  const redis = connectProducer(inject('redisUrl'));
  const connection = connectWorker(inject('redisUrl'));
  await waitUntilReady(redis, 20_000);
  const queues = openQueues(redis, prefix, { tracing });
  let attempts = 0;
  const worker = runWorker(
    { connection, prefix, logger, tracing },
    'inspect',
    async ({ report }) => {
      report({ stage: 'opening', percent: 0 });
      report({ stage: 'reading', percent: 5 });
      throw new AppError(++attempts === 1 ? 'STORE_UNAVAILABLE' : 'SUPERSEDED', 'no');
    },
    1,
  );
  closers.push(async () => {
    await stopWorker(worker, 0);
    await closeQueues(queues);
    redis.disconnect();
    connection.disconnect();
  });
  await enqueue({ redis, keys: redisKeys(prefix), queues }, 'inspect', { model_name: 'model_v1', identity: 'x' });
  await expect.poll(() => receiver.spans.filter(({ name }) => name === 'process inspect')).toHaveLength(2);
  const [added] = receiver.spans.filter(({ name }) => name === 'add inspect.inspect');
  const [first, second] = receiver.spans.filter(({ name }) => name === 'process inspect');
  expect(first).toMatchObject({ parentSpanId: added?.spanId, failed: true, message: 'STORE_UNAVAILABLE' });
  expect(second).toMatchObject({ traceId: added?.traceId, failed: true, message: 'SUPERSEDED' });
  expect([first, second].map((span) => span?.attributes['caissa.job.attempt'])).toEqual([1, 2]);
  const stages = receiver.spans.filter(({ parentSpanId }) => parentSpanId === first?.spanId);
  expect(stages.find(({ name }) => name === 'inspect opening')).toMatchObject({ failed: false });
  expect(stages.find(({ name }) => name === 'inspect reading')).toMatchObject({ failed: true });
});

test('a collector that takes no JSON is sent protobuf, and one that is away costs nothing but a line in the log', async () => {
  const received: { type: string | undefined; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    received.push({ type: request.headers['content-type'], body: await buffer(request) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  setEnvironment({ ...env, OTEL_SERVICE_NAME: 'chess', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=lab' });
  const answer = async () => {
    const tracing = await startTracing('test', env, logger);
    tracing?.serve('GET', {}, (span) => span.end());
    await tracing?.close();
  };
  await answer();
  expect(received.map(({ type }) => type)).toEqual(['application/x-protobuf']);
  for (const text of ['GET', 'chess', 'lab']) expect(received[0]?.body.includes(text)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  setEnvironment({ OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
  await answer();
  expect(received).toHaveLength(1);
});
