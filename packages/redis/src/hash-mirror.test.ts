import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { connectWorker, type RedisClient, runTransaction } from './connect.js';
import { HashMirror, noteChange } from './hash-mirror.js';

let redis: RedisClient;
let writer: RedisClient;
let hash: string;
let changes: string;
let mirror: HashMirror<string>;

beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
  writer = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  hash = `test-${randomUUID()}:hash`;
  changes = `${hash}:changes`;
  mirror = openMirror();
});
afterAll(() => {
  redis.disconnect();
  writer.disconnect();
});

const openMirror = () => new HashMirror({ redis, hash, changes, parse: (text) => (text === 'bad' ? undefined : text) });
const put = (name: string, text: string) =>
  runTransaction(noteChange(writer.multi().hset(hash, name, text), changes, [name]));
const drop = (name: string) => runTransaction(noteChange(writer.multi().hdel(hash, name), changes, [name]));
const entries = async (of = mirror) => Object.fromEntries(await of.all());

test('shows each change of another connection at once, and the same object while there is none', async () => {
  const expected: Record<string, string> = {};
  for (let at = 0; at < 50; at++) {
    const name = `n${at % 7}`;
    if (at % 5 === 4) {
      delete expected[name];
      await drop(name);
    } else {
      expected[name] = String(at);
      await put(name, String(at));
    }
    expect(await entries()).toEqual(expected);
  }
  expect(await mirror.all()).toBe(await mirror.all());
});

test('reads only what has changed', async () => {
  for (let at = 0; at < 20; at++) await put(`n${at}`, 'old');
  await mirror.all();
  const readAll = vi.spyOn(redis, 'hscan');
  const readSome = vi.spyOn(redis, 'hmget');
  await put('n3', 'new');
  expect((await mirror.all()).get('n3')).toBe('new');
  expect(readAll).not.toHaveBeenCalled();
  expect(readSome).toHaveBeenCalledExactlyOnceWith(hash, 'n3');
  vi.restoreAllMocks();
});

test('reads many entries in pages, with what changes meanwhile', async () => {
  const count = 5_000;
  const text = 'x'.repeat(500);
  const filling = writer.pipeline();
  for (let at = 0; at < count; at++) filling.hset(hash, `n${at}`, text);
  await filling.exec();
  await put('n0', 'first');
  const scan = redis.hscan.bind(redis);
  const pages = vi.spyOn(redis, 'hscan').mockImplementation(async (...args: unknown[]) => {
    const page = await (scan as (...parts: unknown[]) => Promise<[string, string[]]>)(...args);
    // Changed once by each page, before and behind where the reading is.
    await put(`n${pages.mock.calls.length}`, 'new');
    await drop(`n${count - pages.mock.calls.length}`);
    return page;
  });
  await mirror.all();
  const changed = pages.mock.calls.length;
  expect(changed).toBeGreaterThan(5);
  vi.restoreAllMocks();
  const seen = await mirror.all();
  expect(seen.size).toBe(count - changed);
  expect([seen.get('n0'), seen.get('n1'), seen.get(`n${changed}`), seen.get(`n${changed + 1}`)]).toEqual([
    'first',
    'new',
    'new',
    text,
  ]);
  expect(seen.has(`n${count - 1}`)).toBe(false);
});

test('reads in pages what changed together', async () => {
  await put('first', '1');
  await mirror.all();
  const names = Array.from({ length: 1_200 }, (_, at) => `n${at}`);
  const filling = writer.multi().hset(hash, ...names.flatMap((name) => [name, 'x']));
  await runTransaction(noteChange(filling, changes, names));
  const readAll = vi.spyOn(redis, 'hscan');
  const readSome = vi.spyOn(redis, 'hmget');
  expect((await mirror.all()).size).toBe(1_201);
  expect([readAll.mock.calls.length, readSome.mock.calls.length]).toEqual([0, 3]);
  vi.restoreAllMocks();
});

test('reads everything when it has missed more changes than are kept', async () => {
  await put('first', '1');
  await mirror.all();
  await put('second', '2');
  await writer.xtrim(changes, 'MAXLEN', 0);
  await put('third', '3');
  expect(await entries()).toEqual({ first: '1', second: '2', third: '3' });
});

test('does not take what was written after Redis was emptied for what was there before', async () => {
  await put('a', 'old');
  await put('gone', 'old');
  await mirror.all();
  await writer.del(hash, changes);
  expect(await entries()).toEqual({});
  await put('a', 'new');
  expect(await entries()).toEqual({ a: 'new' });
});

test('shows what was written before there was a log, and follows it from then on', async () => {
  await writer.hset(hash, 'a', '1');
  expect(await entries()).toEqual({ a: '1' });
  await mirror.all();
  expect(await mirror.all()).toBe(await mirror.all());
  await put('b', '2');
  expect(await entries()).toEqual({ a: '1', b: '2' });
});

test('an entry that becomes unreadable goes, and comes back when it can be read', async () => {
  await put('a', '1');
  expect(await entries()).toEqual({ a: '1' });
  await put('a', 'bad');
  expect(await entries()).toEqual({});
  await put('a', '2');
  expect(await entries()).toEqual({ a: '2' });
});

test('is never behind for readers that come while others wait', async () => {
  const stale: number[] = [];
  let written = 0;
  const write = async () => {
    for (let at = 1; at <= 200; at++) {
      await put('count', String(at));
      written = at;
    }
  };
  const read = async () => {
    while (written < 200) {
      const atLeast = written;
      const found = Number((await mirror.all()).get('count') ?? 0);
      if (found < atLeast) stale.push(atLeast - found);
    }
  };
  await Promise.all([write(), ...Array.from({ length: 20 }, read)]);
  expect(stale).toEqual([]);
});
