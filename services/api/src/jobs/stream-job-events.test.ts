import { FormatError } from '@caissa/bytes';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type HeldInspections, holdInspections } from '../../test-support/hold-inspections.js';
import { type EventReader, readEvents } from '../../test-support/read-events.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import { isLater } from './follow-job.js';

let proxy: RedisProxy;
let api: TestApi;
let inspections: HeldInspections;
const readers: EventReader[] = [];

beforeAll(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  api = await startTestApi(proxy.url);
  inspections = holdInspections(api, 50);
});

afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});

afterAll(async () => {
  inspections.finishAll();
  await api.close();
  await proxy.stop();
});

async function open(id: string, lastEventId?: string): Promise<EventReader> {
  const reader = await readEvents(`${api.url}/api/jobs/${id}/events`, lastEventId);
  readers.push(reader);
  return reader;
}

const until = (reader: EventReader, what: string, test: (event: EventReader['events'][number]) => boolean) =>
  eventually(what, () => reader.events.find(test));

const percents = (reader: EventReader) => reader.events.map((event) => event.data['percent'] ?? event.event);

function expectGrowingIds(reader: EventReader): void {
  const ids = reader.events.map((event) => event.id);
  for (const [at, id] of ids.slice(1).entries()) expect(isLater(id, ids[at] ?? '')).toBe(true);
}

describe('the events of a job', () => {
  it('begin with its state, go on as it goes on, and end with it', async () => {
    const { id, name } = await inspections.start();
    const { item, finish } = await inspections.atWork(name);
    const reader = await open(id);
    expect(reader.response.headers.get('Content-Type')).toBe('text/event-stream');
    expect(reader.response.headers.get('Cache-Control')).toContain('no-store');
    await until(reader, 'the state', (event) => event.event === 'progress');
    expect(reader.text()).toMatch(/^retry: ?3000$/m);
    expect(reader.events[0]?.data).toEqual({ job_id: id, percent: 0, stage: 'queued' });
    item.report({ percent: 10, stage: 'opening' });
    item.report({ percent: 50, stage: 'reading' });
    await until(reader, '50 %', (event) => event.data['percent'] === 50);
    finish();
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({
      event: 'completed',
      data: { job_id: id, status: 'completed', result: { status: 'ready' } },
    });
    expectGrowingIds(reader);
  });

  it('go on where a client lost them, without gaps or repetition', async () => {
    const { id, name } = await inspections.start();
    const { item, finish } = await inspections.atWork(name);
    const first = await open(id);
    item.report({ percent: 10, stage: 'opening' });
    const last = await until(first, '10 %', (event) => event.data['percent'] === 10);
    first.close();
    item.report({ percent: 20, stage: 'reading' });
    await eventually('20 %', async () => (await api.context.watcher.eventsSince(id, last.id)).length === 1);
    item.report({ percent: 30, stage: 'verifying' });
    const second = await open(id, last.id);
    await until(second, '30 %', (event) => event.data['percent'] === 30);
    finish();
    await second.ended;
    expect(percents(second)).toEqual([20, 30, 'completed']);
    expectGrowingIds(second);
    // A browser comes back after the end; it is told to stop.
    const third = await open(id, second.events.at(-1)?.id);
    expect(third.response.status).toBe(204);
  });

  it('tell how a job failed, with the whole job', async () => {
    const { id, name } = await inspections.start();
    const reader = await open(id);
    (await inspections.atWork(name)).finish(new FormatError('TORCHSCRIPT', 'This is a program.'));
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({
      event: 'failed',
      data: { error: { code: 'TORCHSCRIPT', status: 422 } },
    });
    const late = await open(id);
    await late.ended;
    expect(late.events.map((event) => event.event)).toEqual(['failed']);
  });

  it('tell that a job at work was cancelled', async () => {
    const { id, name } = await inspections.start();
    await inspections.atWork(name);
    const reader = await open(id);
    await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' });
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'cancelled', data: { status: 'cancelled' } });
  });

  it('skip a failure that was retried since', async () => {
    const { id, name } = await inspections.start();
    const before = await api.context.watcher.lastEventId('inspect');
    (await inspections.atWork(name)).finish(new FormatError('TORCHSCRIPT', 'This is a program.'));
    const failed = await open(id);
    await failed.ended;
    inspections.held.delete(name);
    await fetch(`${api.url}/api/jobs/${id}/retry`, { method: 'POST' });
    const again = await inspections.atWork(name);
    const reader = await open(id, before);
    again.finish();
    await reader.ended;
    expect(reader.events.map((event) => event.event)).toEqual(['completed']);
  });

  it('refuse a Last-Event-ID that was never sent', async () => {
    const { id, name } = await inspections.start();
    for (const lastEventId of ['abc', '1', '99999999999999999999999-0']) {
      const reader = await open(id, lastEventId);
      expect(reader.response.status).toBe(400);
    }
    (await inspections.atWork(name)).finish();
  });

  it('answer HEAD with headers alone', async () => {
    const { id, name } = await inspections.start();
    const response = await fetch(`${api.url}/api/jobs/${id}/events`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toMatch(/^text\/event-stream/);
    (await inspections.atWork(name)).finish();
  });

  it('reach many clients of one job alike', async () => {
    const { id, name } = await inspections.start();
    const { item, finish } = await inspections.atWork(name);
    const all = await Promise.all(Array.from({ length: 20 }, () => open(id)));
    for (const reader of all) await until(reader, 'the state', () => true);
    item.report({ percent: 60, stage: 'reading' });
    for (const reader of all) await until(reader, '60 %', (event) => event.data['percent'] === 60);
    finish();
    await Promise.all(all.map((reader) => reader.ended));
    for (const reader of all) expect(percents(reader)).toEqual([0, 60, 'completed']);
  });

  it('survive Redis going away', async () => {
    const { id, name } = await inspections.start();
    const { item, finish } = await inspections.atWork(name);
    const reader = await open(id);
    await until(reader, 'the state', () => true);
    await proxy.stop();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await proxy.start();
    await eventually('Redis is back', () => api.context.jobs.redis.status === 'ready');
    item.report({ percent: 70, stage: 'verifying' });
    await until(reader, '70 %', (event) => event.data['percent'] === 70);
    finish();
    await reader.ended;
    expect(reader.events.at(-1)?.event).toBe('completed');
    expectGrowingIds(reader);
  });
});
