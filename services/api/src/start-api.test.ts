import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLogger, Lifecycle } from '@caissa/shared/process';
import { ConfigurationError, readSettings } from '@caissa/shared/settings';
import { eventually } from '@caissa/testing/eventually';
import { pino } from 'pino';
import { describe, expect, inject, it } from 'vitest';
import { rawRequest } from '../test-support/raw-request.js';
import { readEvents } from '../test-support/read-events.js';
import { startTestApi } from '../test-support/start-test-api.js';
import { API_SETTINGS } from './context.js';
import { startApi } from './start-api.js';

const SILENT = pino({ level: 'silent' });

describe('startApi', () => {
  it('says in one sentence that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const lifecycle = new Lifecycle();
    const settings = readSettings(
      { PORT: String(port), REDIS_URL: inject('redisUrl'), DATA_DIR: '/tmp/caissa-taken' },
      API_SETTINGS,
    );
    const starting = startApi(settings, SILENT, lifecycle);
    await expect(starting).rejects.toThrow(
      new ConfigurationError(`Cannot listen on port ${port} of 127.0.0.1: another program does. PORT names the port.`),
    );
    await lifecycle.stop(SILENT);
    other.close();
  });

  it('listens before Redis is there', async () => {
    const lifecycle = new Lifecycle();
    const env = { PORT: '0', REDIS_URL: 'redis://127.0.0.1:1', DATA_DIR: '/tmp/caissa-alone' };
    const { url } = await startApi(readSettings(env, API_SETTINGS), SILENT, lifecycle);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await expect
      .poll(async () => (await fetch(`${url}/readyz`)).json(), { timeout: 5_000 })
      .toMatchObject({ ready: true, conditions: [{ code: 'REDIS_UNREACHABLE' }] });
    expect((await fetch(`${url}/api/model/list`)).status).toBe(503);
    await lifecycle.stop(createLogger('test', 'silent'));
  });
});

describe('stopping', () => {
  it('takes no requests any more while a pass of the upkeep ends', async () => {
    const lifecycle = new Lifecycle();
    const steps: string[] = [];
    const onStop = lifecycle.onStop.bind(lifecycle);
    lifecycle.onStop = (name, release, graceMs) => {
      const noted = () => {
        steps.push(name);
        return release();
      };
      onStop(name, noted, graceMs);
    };
    const env = { PORT: '0', REDIS_URL: 'redis://127.0.0.1:1', DATA_DIR: '/tmp/caissa-alone' };
    await startApi(readSettings(env, API_SETTINGS), SILENT, lifecycle);
    await lifecycle.stop(SILENT);
    expect(steps.slice(0, 2)).toEqual(['held requests', 'server']);
    expect(steps).toContain('model reconciler');
  });

  it('ends held requests and streams at once, and lets the rest end', async () => {
    const api = await startTestApi(inject('redisUrl'));
    await api.addModel('model_v1');
    const accepted = await fetch(`${api.url}/api/model/load/model_v1`, { method: 'POST' });
    const { events_url } = (await accepted.json()) as { events_url: string };
    const stream = await readEvents(api.url + events_url);
    const held = fetch(`${api.url}/api/model/export/onnx/model_v1?wait=60`, { method: 'POST' });
    const unused = connect(Number(new URL(api.url).port), '127.0.0.1');
    const queue = api.context.jobs.queues.export.queue;
    await expect.poll(() => queue.getWaitingCount()).toBe(1);
    await delay(300);
    const begun = performance.now();
    await api.close();
    // Whoever waits for the request that is held waits for a minute.
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(unused.readyState).not.toBe('opening');
    expect((await held).status).toBe(202);
    await stream.ended;
    await expect(fetch(`${api.url}/livez`)).rejects.toThrow();
  });
});

describe('transfers when the process stops', () => {
  const content = Buffer.alloc(20_000_000, 'content');

  it('go on to their end, and no longer than that', async () => {
    const api = await startTestApi(inject('redisUrl'), { SHUTDOWN_GRACE_SECONDS: 60 });
    api.work('inspect', async ({ id, data }) => ({
      success: true,
      message: 'ok',
      model_name: data.model_name,
      status: 'ready',
      job_id: id,
    }));
    const { filename } = await api.addExport('late', 'pytorch', content);
    const download = await fetch(`${api.url}/api/model/download/${filename}`);
    const { body, whole } = heldBody();
    const upload = fetch(`${api.url}/api/model/upload/late`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body,
      duplex: 'half',
    });
    await eventually('the upload has begun', async () =>
      (await readdir(api.modelsFolder)).some((name) => name.startsWith('.upload-')),
    );
    const stopped = api.stop();
    await expect.poll(() => fetch(`${api.url}/livez`).catch(() => 'refused')).toBe('refused');
    expect(Buffer.from(await download.arrayBuffer()).equals(content)).toBe(true);
    whole();
    expect((await upload).status).toBe(201);
    await stopped;
    expect((await readdir(api.modelsFolder)).filter((name) => name !== '.caissa-store')).toEqual(['late.pt']);
    await api.close();
  });

  it('are cut when their time is over, and leave nothing', async () => {
    const api = await startTestApi(inject('redisUrl'), { SHUTDOWN_GRACE_SECONDS: 1 });
    const { body } = heldBody();
    const upload = fetch(`${api.url}/api/model/upload/late`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body,
      duplex: 'half',
    });
    await eventually('the upload has begun', async () =>
      (await readdir(api.modelsFolder)).some((name) => name.startsWith('.upload-')),
    );
    await Promise.all([expect(upload).rejects.toThrow(), api.stop()]);
    expect((await readdir(api.modelsFolder)).filter((name) => name !== '.caissa-store')).toEqual([]);
    await api.close();
  });

  it('are cut at once by a second signal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caissa-signals-'));
    const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const redis = { REDIS_URL: inject('redisUrl'), REDIS_PREFIX: `signals-${randomUUID()}` };
    const env = { PORT: '0', ...redis, DATA_DIR: folder, SHUTDOWN_GRACE_SECONDS: '600' };
    const child = fork(program, [], { env, execArgv: [], silent: true });
    let log = '';
    child.stdout?.on('data', (text) => {
      log += text;
    });
    try {
      await eventually('the API listens', () => /"url":"[^"]+"/.test(log));
      const [, url] = /"url":"([^"]+)"/.exec(log) ?? [];
      const { body } = heldBody();
      const upload = fetch(`${url}/api/model/upload/late`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/octet-stream' },
        body,
        duplex: 'half',
      });
      await eventually('the upload has begun', async () =>
        (await readdir(join(folder, 'models'))).some((name) => name.startsWith('.upload-')),
      );
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await expect.poll(() => fetch(`${url}/livez`).catch(() => 'refused')).toBe('refused');
      // What comes within a second of the first is the same wish, passed on by npm or the launcher.
      const repeating = setInterval(() => child.kill('SIGTERM'), 200);
      await Promise.all([expect(upload).rejects.toThrow(), ended]).finally(() => clearInterval(repeating));
      expect(await ended).toEqual([143, null]);
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true });
    }
  });

  /** A body that has begun, and ends when it is told to. */
  function heldBody(): { body: ReadableStream; whole: () => void } {
    let whole = () => {};
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from('some bytes'));
        whole = () => controller.close();
      },
    });
    return { body, whole: () => whole() };
  }
});

describe('the log', () => {
  it('has one line for a request, without headers, and none for a healthy probe', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const api = await startTestApi(inject('redisUrl'), {}, logger);
    await fetch(`${api.url}/api/jobs?limit=1`, { headers: { 'X-API-Key': 'secret-key', 'X-Request-Id': 'id-1' } });
    await fetch(`${api.url}/livez`);
    await fetch(`${api.url}/api/nothing`);
    const requests = () => lines.filter((line) => line['ms'] !== undefined);
    await expect.poll(() => requests().length).toBe(2);
    expect(requests().map((line) => [line['level'], line['msg']])).toEqual([
      [30, 'GET /api/jobs?limit=1 200'],
      [30, 'GET /api/nothing 404'],
    ]);
    expect(requests()[0]).toMatchObject({ request_id: 'id-1', address: '127.0.0.1' });
    expect(JSON.stringify(lines)).not.toContain('secret-key');
    await api.close();
  });

  it('has the cause of a failure that nobody foresaw, which the client does not see', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const api = await startTestApi(inject('redisUrl'), {}, logger);
    api.context.store.open = () => Promise.reject(new TypeError('very secret'));
    const response = await fetch(`${api.url}/api/model/download/x.pt`);
    const text = await response.text();
    expect([response.status, JSON.parse(text).code, text.includes('secret')]).toEqual([500, 'INTERNAL', false]);
    expect(lines.filter((line) => line.includes('very secret'))).toHaveLength(1);
    await api.close();
  });
});

describe('slow clients', () => {
  it('may take their time with a body, and leave at any time', async () => {
    const api = await startTestApi(inject('redisUrl'));
    await api.addModel('model_v1');
    const { port } = new URL(api.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /api/model/load/model_v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n');
    socket.write('Content-Length: 20\r\n\r\n{');
    await delay(100);
    socket.destroy();
    await delay(100);
    expect((await fetch(`${api.url}/livez`)).status).toBe(200);
    await api.close();
  });

  it('that ask whether to send a JSON body are told to', async () => {
    const api = await startTestApi(inject('redisUrl'));
    await api.addModel('model_v1');
    const answer = await rawRequest(
      api.url,
      'POST /api/model/load/model_v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
        'Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n{}',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
    await api.close();
  });
});
