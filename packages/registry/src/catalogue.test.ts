import { randomUUID } from 'node:crypto';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { Catalogue, type CatalogueEntry } from './catalogue.js';

let redis: RedisClient;
let keys: ReturnType<typeof redisKeys>;
let catalogue: Catalogue;

beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  keys = redisKeys(`test-${randomUUID()}`);
  catalogue = new Catalogue(redis, keys);
});
afterAll(() => redis.disconnect());

const entry = (name: string, change: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  name,
  identity: '1-2-3',
  status: 'ready',
  version: 1,
  training_date: null,
  metadata: { win_rate: 0.5 },
  architecture: null,
  sha256: 'a'.repeat(64),
  warnings: ['config.phase is kept as plain values, not as an object.'],
  inspected_at: '2025-10-07T03:11:38Z',
  ...change,
});
const tensors = [{ name: 'conv.weight', dtype: 'float32', shape: [128, 14, 3, 3] }];

test('what was put is found, and replaced as a whole', async () => {
  expect(await catalogue.get('a')).toBeUndefined();
  expect(await catalogue.tensors('a')).toEqual([]);
  await catalogue.put(entry('a'), tensors);
  expect(await catalogue.get('a')).toEqual(entry('a'));
  expect(await catalogue.tensors('a')).toEqual(tensors);
  await catalogue.put(entry('a', { status: 'unreadable' }), []);
  expect(await catalogue.get('a')).toEqual(entry('a', { status: 'unreadable' }));
  expect(await catalogue.tensors('a')).toEqual([]);
});

test('an entry of before there were warnings has none, and says nothing of what could not be read then', async () => {
  const { warnings: _, ...old } = entry('a');
  await redis.hset(keys.catalogue, 'a', JSON.stringify(old));
  await redis.hset(keys.catalogue, 'b', JSON.stringify({ ...old, name: 'b', status: 'unreadable' }));
  expect([...(await catalogue.all())]).toEqual([['a', entry('a', { warnings: [] })]]);
  expect(await catalogue.get('b')).toBeUndefined();
});

test('names that objects have of their own are names like others', async () => {
  for (const name of ['__proto__', 'constructor', 'toString']) await catalogue.put(entry(name), tensors);
  expect([...(await catalogue.all()).keys()].sort()).toEqual(['__proto__', 'constructor', 'toString']);
  expect(await catalogue.get('__proto__')).toMatchObject({ name: '__proto__' });
});

test('the list is kept until something changes, in another process too', async () => {
  const other = new Catalogue(redis, keys);
  await catalogue.put(entry('a'), tensors);
  const first = await catalogue.all();
  expect(await catalogue.all()).toBe(first);
  await other.put(entry('b'), tensors);
  const second = await catalogue.all();
  expect([...second.keys()].sort()).toEqual(['a', 'b']);
  expect([...first.keys()]).toEqual(['a']);
  await other.put(entry('a', { version: 9 }), tensors);
  expect((await catalogue.all()).get('a')?.version).toBe(9);
  await other.remove(['a', 'never-there']);
  expect([...(await catalogue.all()).keys()]).toEqual(['b']);
  expect(await catalogue.tensors('a')).toEqual([]);
  const before = await catalogue.all();
  await other.remove([]);
  expect(await catalogue.all()).toBe(before);
});

test('a catalogue rebuilt after Redis was emptied is not taken for the old one', async () => {
  await catalogue.put(entry('a'), tensors);
  expect((await catalogue.all()).get('a')?.version).toBe(1);
  await redis.del(keys.catalogue, keys.catalogueTensors, keys.catalogueChanges);
  // Changes are told apart by their millisecond.
  const emptiedAt = String(await redis.time());
  await expect.poll(async () => String(await redis.time()).slice(0, -3)).not.toBe(emptiedAt.slice(0, -3));
  await new Catalogue(redis, keys).put(entry('a', { version: 2 }), tensors);
  expect((await catalogue.all()).get('a')?.version).toBe(2);
});

test('an entry that cannot be read hides no other', async () => {
  await catalogue.put(entry('a'), tensors);
  await redis.hset(keys.catalogue, 'b', '{"name":"b"}');
  expect([...(await catalogue.all()).keys()]).toEqual(['a']);
  expect(await catalogue.get('b')).toBeUndefined();
});
