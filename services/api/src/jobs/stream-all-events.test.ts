import { once } from 'node:events';
import { connect } from 'node:net';
import { FormatError } from '@caissa/bytes';
import { type JobStatus, jobNoticeSchema } from '@caissa/shared/contracts';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type HeldInspections, holdInspections } from '../../test-support/hold-inspections.js';
import { type EventReader, readEvents } from '../../test-support/read-events.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let proxy: RedisProxy;
let api: TestApi;
let inspections: HeldInspections;
const readers: EventReader[] = [];

beforeAll(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  api = await startTestApi(proxy.url);
  inspections = holdInspections(api, 20);
});

afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});

afterAll(async () => {
  inspections.finishAll();
  await api.close();
  await proxy.stop();
});

/** Opens the feed and waits until it tells that it has begun. */
async function open(): Promise<EventReader> {
  const reader = await readEvents(`${api.url}/api/jobs/events`);
  readers.push(reader);
  await eventually('ready', () => reader.events.length > 0);
  return reader;
}

const noticesOf = (reader: EventReader, id: string) =>
  reader.events
    .filter(({ event, data }) => event === 'job' && data['job_id'] === id)
    .map(({ data }) => jobNoticeSchema.parse(data));

const statusesOf = (reader: EventReader, id: string) =>
  noticesOf(reader, id).map(({ status, progress }) => progress?.percent ?? status);

const until = (reader: EventReader, id: string, status: JobStatus | number) =>
  eventually(`${id} is ${status}`, () => statusesOf(reader, id).includes(status), 15_000);

describe('the events of all jobs', () => {
  it('begin with ready and tell each step of a job in order, to every client', async () => {
    const both = [await open(), await open()] as const;
    const { id, name } = await inspections.start();
    const { item, finish } = await inspections.atWork(name);
    item.report({ percent: 40, stage: 'reading' });
    await until(both[0], id, 40);
    finish();
    for (const reader of both) {
      await until(reader, id, 'completed');
      expect(reader.response.headers.get('Content-Type')).toBe('text/event-stream');
      expect(reader.events[0]).toEqual({ id: '', event: 'ready', data: {} });
      expect(statusesOf(reader, id)).toEqual(['queued', 'active', 40, 'completed']);
      expect(noticesOf(reader, id)[2]).toEqual({
        job_id: id,
        type: 'inspect',
        model_name: name,
        status: 'active',
        progress: { percent: 40, stage: 'reading' },
      });
      expect(reader.text()).toMatch(/^retry: ?3000$/m);
      expect(reader.text()).not.toMatch(/^id:/m);
    }
  });

  it('tell of jobs of other kinds, of those that wait and are cancelled too', async () => {
    const reader = await open();
    await api.addModel('model_v1');
    const started = await fetch(`${api.url}/api/model/export/onnx/model_v1`, { method: 'POST' });
    const { job_id: id } = (await started.json()) as { job_id: string };
    await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' });
    await until(reader, id, 'cancelled');
    expect(noticesOf(reader, id)).toEqual([
      { job_id: id, type: 'export', model_name: 'model_v1', status: 'queued' },
      { job_id: id, type: 'export', model_name: 'model_v1', status: 'cancelled' },
    ]);
    // Whoever takes the job from now on takes it to drop it.
    const stop = api.work('export', async () => ({}) as never);
    const next = await fetch(`${api.url}/api/model/export/onnx/model_v1`, { method: 'POST' });
    await until(reader, ((await next.json()) as { job_id: string }).job_id, 'completed');
    expect(statusesOf(reader, id)).toEqual(['queued', 'cancelled']);
    await stop();
  });

  it('tell of a failure, and that the job was retried since', async () => {
    const reader = await open();
    const { id, name } = await inspections.start();
    (await inspections.atWork(name)).finish(new FormatError('TORCHSCRIPT', 'This is a program.'));
    await until(reader, id, 'failed');
    inspections.held.delete(name);
    await fetch(`${api.url}/api/jobs/${id}/retry`, { method: 'POST' });
    (await inspections.atWork(name)).finish();
    await until(reader, id, 'completed');
    expect(statusesOf(reader, id)).toEqual(['queued', 'active', 'failed', 'queued', 'active', 'completed']);
  });

  it('tell that a job at work was cancelled', async () => {
    const reader = await open();
    const { id, name } = await inspections.start();
    await inspections.atWork(name);
    await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' });
    await until(reader, id, 'cancelled');
    expect(statusesOf(reader, id)).toEqual(['queued', 'active', 'cancelled']);
  });

  it('answer HEAD with headers alone', async () => {
    const response = await fetch(`${api.url}/api/jobs/events`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toMatch(/^text\/event-stream/);
  });
});

describe('the feed', () => {
  it('forgets a client that left', async () => {
    const { feed } = api.context.watcher;
    await eventually('those of other tests left', () => feed.followers === 0);
    const staying = await open();
    const leaving = await open();
    expect(feed.followers).toBe(2);
    leaving.close();
    await eventually('one left', () => feed.followers === 1);
    staying.close();
    await eventually('both left', () => feed.followers === 0);
  });

  it('are refused to who holds too many streams open, until one is closed', async () => {
    const few = await startTestApi(proxy.url, { MAX_EVENT_STREAMS: 2 });
    const ask = (path = '/api/jobs/events') => fetch(`${few.url}${path}`);
    const held = [await readEvents(`${few.url}/api/jobs/events`), await readEvents(`${few.url}/api/jobs/events`)];
    const refused = [await ask(), await ask('/api/jobs/inspect-0/events')];
    expect(refused.map(({ status }) => status)).toEqual([429, 429]);
    expect(await refused[0]?.json()).toMatchObject({
      code: 'RATE_LIMITED',
      detail: '2 event streams are open with this key or from this address; close one first.',
    });
    expect((await ask('/api/jobs')).status).toBe(200);
    held[0]?.close();
    await eventually('another may be opened', async () => {
      const response = await ask();
      await response.body?.cancel();
      return response.status === 200;
    });
    held[1]?.close();
    await few.close();
  });

  it('cuts off a client that takes nothing', async () => {
    const { feed } = api.context.watcher;
    await eventually('those of other tests left', () => feed.followers === 0);
    const slow = connect(Number(new URL(api.url).port), '127.0.0.1');
    slow.pause().write('GET /api/jobs/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await eventually('it follows', () => feed.followers === 1);
    const { id, name } = await inspections.start();
    const tellAgain = () => {
      // What fills the buffers of the sockets, and then more than the backlog that is allowed.
      for (let number = 0; number < 5_000; number++) feed.publish('inspect', { jobId: id, status: 'active' });
      return feed.followers === 0;
    };
    await eventually('it is cut off', tellAgain, 20_000);
    const gone = once(
      slow.on('error', () => undefined),
      'close',
    );
    slow.resume();
    await gone;
    (await inspections.atWork(name)).finish();
  }, 60_000);

  it('says ready again when Redis is back, and goes on', async () => {
    const reader = await open();
    const timesReady = () => reader.events.filter(({ event }) => event === 'ready').length;
    await proxy.stop();
    await eventually('the API knows', async () => (await fetch(`${api.url}/api/jobs`)).status === 503);
    const before = timesReady();
    await proxy.start();
    await eventually('ready again', () => timesReady() > before);
    const { id, name } = await inspections.start();
    (await inspections.atWork(name)).finish();
    await until(reader, id, 'completed');
    expect(statusesOf(reader, id)).toEqual(['queued', 'active', 'completed']);
  }, 60_000);

  it('ends when the API stops', async () => {
    const other = await startTestApi(inject('redisUrl'));
    const reader = await readEvents(`${other.url}/api/jobs/events`);
    await eventually('ready', () => reader.events.length > 0);
    await other.close();
    await reader.ended;
  });
});
