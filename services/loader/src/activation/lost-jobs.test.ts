import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyDict } from '@caissa/pytorch';
import { jobLost, type WorkItem } from '@caissa/queue';
import { announceTurn, endTurn, takeTurn } from '@caissa/registry';
import { smallRoot } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoaderHarness, loadItem, openHarness, type TestLoader } from '../../test-support/loader-harness.js';

/** Where an attempt may be held up, in this order. */
const PLACES = ['before it begins', 'reading', 'converting', 'before it activates', 'after it activated'] as const;
type Place = (typeof PLACES)[number];

let harness: LoaderHarness;
let frozen: TestLoader;
let other: TestLoader;
let models = 0;
/** Called at each place by the loader that is to be held up. */
let passes: (place: Place) => Promise<void> = async () => {};

beforeAll(async () => {
  harness = await openHarness();
  frozen = await harness.startLoader('frozen');
  other = await harness.startLoader('other');
  const { tasks, pointer } = frozen.context;
  const { describe: read, convert } = tasks;
  const move = pointer.activate.bind(pointer);
  Object.assign(tasks, {
    describe: async (...args: Parameters<typeof read>) => {
      await passes('reading');
      return read(...args);
    },
    convert: async (...args: Parameters<typeof convert>) => {
      const made = await convert(...args);
      await passes('converting');
      return made;
    },
  });
  pointer.activate = async (...args) => {
    await passes('before it activates');
    const moved = await move(...args);
    await passes('after it activated');
    return moved;
  };
});
afterAll(() => harness.close());

async function addModel(): Promise<string> {
  const name = `model_${models++}`;
  await harness.addModel(name, new PyDict([...smallRoot(), ['name', name]]));
  return name;
}

/** A job with its place in the order of requests and a lock of its own. */
async function request() {
  const { redis, keys } = harness;
  const name = await addModel();
  const { sequence } = await takeTurn(redis, keys, name);
  const { id } = loadItem(name);
  await announceTurn(redis, keys, id, sequence);
  const key = `${keys.prefix}:load:${id}:lock`;
  /** Hands the job to a worker. */
  const take = async (token: string): Promise<WorkItem<'load'>> => {
    await redis.set(key, token);
    const confirm = async () => {
      if ((await redis.get(key)) !== token) throw jobLost();
    };
    return loadItem(name, { id, data: { model_name: name, sequence }, lock: { key, token }, confirm });
  };
  const end = async () => {
    await redis.del(key);
    await endTurn(redis, keys, id);
  };
  return { take, end };
}

type Request = Awaited<ReturnType<typeof request>>;

/** What only the holder of a job may change. */
async function world() {
  const { redis, keys, activeFolder } = harness;
  const read = (name: string) => readFile(join(activeFolder, name), 'utf8');
  const [pointer, journal, refused, waiting] = await Promise.all([
    redis.hgetall(keys.active),
    redis.hgetall(keys.activations),
    redis.lrange(keys.activationsRefused, 0, -1),
    redis.zrangebyscore(keys.activationsWaiting, '-inf', '+inf'),
  ]);
  return { pointer, journal, refused, waiting, lines: await read('activations.jsonl') };
}

/** Holds an attempt up at a place, while others do what they like with its job. */
async function holdUp(place: Place, meanwhile: (job: Request) => Promise<unknown>) {
  const job = await request();
  const item = await job.take('frozen');
  let thaw = () => {};
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  const held = new Promise<void>((resolve) => {
    passes = async (now) => {
      if (now !== place) return;
      resolve();
      await thawed;
    };
  });
  const work = async () => {
    await passes('before it begins');
    return frozen.replica.activate(item);
  };
  const ended = work().catch((error: unknown) => error);
  await held;
  await meanwhile(job);
  const before = await world();
  thaw();
  const outcome = await ended;
  passes = async () => {};
  return { outcome, before, after: await world() };
}

const done = async (job: Request) => {
  await other.replica.activate(await job.take('other'));
  await job.end();
};

const FATES: [string, (job: Request) => Promise<unknown>][] = [
  ['was done by another loader', done],
  [
    'was done by another loader, and another model is active since',
    async (job) => {
      await done(job);
      await done(await request());
    },
  ],
];

describe.each(PLACES)('a loader that is frozen %s', (place) => {
  it.each(FATES)('changes nothing any more when its job %s', async (_, fate) => {
    const { outcome, before, after } = await holdUp(place, fate);
    expect(outcome).toMatchObject({ code: expect.stringMatching(/^(JOB_LOST|SUPERSEDED)$/) });
    expect(after).toEqual(before);
    const { pointer } = (await harness.activation()) ?? {};
    expect(await other.context.converted.proofOf(pointer?.source_sha256 ?? '')).toBe('proven');
  });

  it('activates nothing any more when its job was cancelled or given up', async () => {
    const { outcome, before, after } = await holdUp(place, (job) => job.end());
    expect(outcome).toMatchObject({ code: 'JOB_LOST' });
    expect(after).toEqual(before);
  });
});
