import { randomUUID } from 'node:crypto';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { Catalogue, type CatalogueEntry, type WritingTerms } from './catalogue.js';

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
  await other.removeAll(['a', 'never-there'], await other.moment());
  expect([...(await catalogue.all()).keys()]).toEqual(['b']);
  expect(await catalogue.tensors('a')).toEqual([]);
  const before = await catalogue.all();
  await other.removeAll([], await other.moment());
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

describe('of what several workers find out about one model', () => {
  test('a verdict is refused if somebody has written of the model since its file was looked at', async () => {
    const since = await catalogue.moment();
    expect(await catalogue.put(entry('b'), [], { since })).toBe('written');
    expect(await catalogue.put(entry('a', { version: 2 }), [], { since })).toBe('written');
    expect(await catalogue.put(entry('a', { version: 1 }), tensors, { since })).toBe('overtaken');
    expect(await catalogue.remove('a', { since })).toBe('overtaken');
    await catalogue.removeAll(['a'], since);
    expect(await catalogue.get('a')).toEqual(entry('a', { version: 2 }));
    expect(await catalogue.tensors('a')).toEqual([]);
  });

  test('one of before a removal does not bring the model back', async () => {
    const since = await catalogue.moment();
    await catalogue.remove('a');
    expect(await catalogue.put(entry('a'), [], { since })).toBe('overtaken');
    expect(await catalogue.get('a')).toBeUndefined();
  });

  test('moments of long ago are forgotten, so that names that are gone take no room', async () => {
    await catalogue.put(entry('a'), []);
    const moment = await catalogue.moment();
    await redis.hset(keys.catalogueMoments, 'gone', moment - 25 * 3_600_000, 'new', moment - 23 * 3_600_000);
    await catalogue.removeAll(['a'], moment);
    expect((await redis.hkeys(keys.catalogueMoments)).sort()).toEqual(['', 'a', 'new']);
  });

  test('one of before Redis lost its memory is refused as well, and its clock does not go back', async () => {
    await catalogue.put(entry('a'), []);
    const since = await catalogue.moment();
    await redis.del(keys.catalogue, keys.catalogueTensors, keys.catalogueMoments);
    expect(await catalogue.moment()).toBe(0);
    await expect.poll(async () => Number((await redis.time())[0]) * 1000 >= since).toBe(true);
    await catalogue.put(entry('a', { version: 2 }), []);
    expect(await catalogue.put(entry('a'), [], { since })).toBe('overtaken');
  });

  test('nothing is written by who has lost the job', async () => {
    const lock = { key: `${keys.prefix}:inspect:job:lock`, token: 'mine' };
    await redis.set(lock.key, 'mine');
    expect(await catalogue.put(entry('a'), tensors, { lock })).toBe('written');
    await redis.set(lock.key, 'another');
    const since = await catalogue.moment();
    expect(await catalogue.put(entry('a', { version: 2 }), [], { lock, since })).toBe('lost');
    expect(await catalogue.remove('a', { lock })).toBe('lost');
    await redis.del(lock.key);
    expect(await catalogue.remove('a', { lock })).toBe('lost');
    expect([await catalogue.get('a'), await catalogue.moment()]).toEqual([entry('a'), since]);
  });

  /** What one worker does, a step at a time; the file changes and locks are lost between any two. */
  async function* inspect(file: { version: number }, lock: WritingTerms['lock']) {
    for (;;) {
      const since = await catalogue.moment();
      yield;
      const { version } = file;
      yield;
      const outcome = await catalogue.put(entry('a', { version }), [], { since, ...(lock && { lock }) });
      if (outcome !== 'overtaken') return { outcome, version };
      yield;
    }
  }

  test('an old one never takes the place of a newer one, in whatever order they work', {
    timeout: 60_000,
  }, async () => {
    const order = fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(order, async (steps) => {
        keys = redisKeys(`test-${randomUUID()}`);
        catalogue = new Catalogue(redis, keys);
        const file = { version: 0 };
        const locks = [0, 1, 2].map((n) => ({ key: `${keys.prefix}:inspect:${n}:lock`, token: 'mine' }));
        for (const { key, token } of locks) await redis.set(key, token);
        const workers = locks.map((lock) => inspect(file, lock));
        let shown = -1;
        for (const step of steps) {
          const worker = workers[step];
          if (worker === undefined) {
            file.version++;
            if (file.version % 3 === 0) await redis.set(locks[0]?.key ?? '', 'another');
          } else await worker.next();
          const version = Number((await catalogue.get('a'))?.version ?? -1);
          expect(version).toBeGreaterThanOrEqual(shown);
          shown = version;
        }
        for (const worker of workers) for (let over = false; !over; ) over = (await worker.next()).done === true;
        expect(Number((await catalogue.get('a'))?.version)).toBeGreaterThanOrEqual(shown);
        await redis.del(...(await redis.keys(`${keys.prefix}:*`)));
      }),
      { numRuns: 100 },
    );
  });
});
