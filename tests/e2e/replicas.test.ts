import { copyFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedisServer } from '@caissa/launcher';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { saved, savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { type Answered, EvaluationLoad, evaluate } from '../setup/evaluation-load.js';
import { MARKED_SIZES, markedName, markedValue, writeMarkedModel } from '../setup/marked-models.js';
import { Convergence, converged, liveLoaders, readJournal } from '../setup/replicas.js';
import { freePort, kill, type System, startSystem, until } from '../setup/system.js';

const LOADERS = 3;
const MODELS = 8;
/** Activations in the middle of which a loader is killed, each at a moment of its own. */
const KILLS = 25;
/** Longer than heartbeats are kept, and than a replica is remembered that no longer reports itself. */
const AWAY_MS = 8_000;

/** An order of events that is the same in each run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

async function writeModels(modelsDir: string): Promise<void> {
  for (let number = 0; number < MODELS; number++) await writeMarkedModel(modelsDir, number);
}

function start(redisUrl: string, loaders = LOADERS): Promise<System> {
  return startSystem({
    redisUrl,
    loaders,
    exporters: 0,
    env: MARKED_SIZES,
    prepare: ({ modelsDir }) => writeModels(modelsDir),
  });
}

async function activate(client: Client, number: number): Promise<number> {
  const { status, body } = await client.post(`/api/model/load/${markedName(number)}?wait=60`);
  expect([status, body['model_name']]).toEqual([200, markedName(number)]);
  return Number(body['generation']);
}

/** About how long an activation takes here and now. */
async function activationMs(client: Client): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < 5; number++) {
    const began = performance.now();
    await activate(client, number);
    times.push(performance.now() - began);
  }
  return times.sort((left, right) => left - right)[2] ?? 0;
}

/** Answers that no model of that generation would have given, each kind once. */
function wrongAnswers(answers: readonly Answered[], journal: Awaited<ReturnType<typeof readJournal>>): unknown[] {
  const names = new Map(journal.flatMap(({ to }) => (to ? [[to.generation, to.model_name] as const] : [])));
  const wrong = answers.filter(({ generation, model_name, value }) => {
    const number = Number(model_name.replace('marked_', ''));
    return names.get(generation) !== model_name || Math.abs(value - markedValue(number)) > 1e-5;
  });
  return [...new Map(wrong.map((one) => [`${one.generation} ${one.model_name} ${one.value}`, one])).values()];
}

describe('three replicas', () => {
  let system: System;
  let client: Client;
  beforeAll(async () => {
    system = await start(inject('redisUrl'));
    client = new Client(system.url);
    await activate(client, 0);
    await converged(system);
  });
  afterAll(() => system?.stop());

  it('lose no request and tell no lie while models are switched', async () => {
    const load = new EvaluationLoad(system.url, 8, 5);
    const convergence = new Convergence(system);
    for (let round = 1; round <= 20; round++) {
      const generation = await activate(client, round % MODELS);
      expect(await convergence.wait()).toBe(generation);
      await load.untilAnswered(10, (answer) => answer.generation === generation);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(wrongAnswers(load.answers, await readJournal(client))).toEqual([]);
    convergence.check();
  }, 600_000);

  it('converge when one is killed at any moment of an activation', async () => {
    const random = seededRandom(7);
    const load = new EvaluationLoad(system.url, 4, 50);
    const convergence = new Convergence(system);
    const jobs = new Set<string>();
    let takenUp = 0;
    const killWithinMs = await activationMs(client);
    for (let round = 0; round < KILLS; round++) {
      const { status, body } = await client.post(`/api/model/load/${markedName(round % MODELS)}`);
      expect(status).toBe(202);
      jobs.add(String(body['job_id']));
      // Spread evenly: 11 has no divisor in common with the number of moments.
      await delay((((round * 11) % KILLS) / KILLS) * killWithinMs);
      const victims = liveLoaders(system);
      const victim = victims[Math.floor(random() * victims.length)];
      if (victim) await kill(victim);
      await system.start('loader');
      await convergence.wait();
      // If it was the one that activated, another one takes that up; then all follow again.
      const job = await client.finish(String(body['job_id']));
      if (job.attempts > 1) takenUp++;
      expect(await converged(system)).toBe((job.result as { generation: number } | undefined)?.generation);
      await load.untilAnswered(10);
    }
    await load.stop();
    convergence.check();
    // About one in three of the killed had the job.
    expect(takenUp).toBeGreaterThan(1);
    expect(load.failures).toEqual([]);
    const journal = await readJournal(client);
    expect(wrongAnswers(load.answers, journal)).toEqual([]);
    const told = journal.filter(({ job_id }) => jobs.has(job_id));
    expect(told.map(({ outcome }) => outcome)).toEqual(Array.from({ length: KILLS }, () => 'succeeded'));
    const generations = told.flatMap(({ to }) => (to ? [to.generation] : []));
    expect(generations).toEqual(generations.toSorted((left, right) => right - left));
    expect(new Set(generations).size).toBe(KILLS);
  }, 1_800_000);

  it('refuse a corrupt, an ill-shaped and a NaN model, and the old one keeps answering', async () => {
    const before = await activate(client, 1);
    await converged(system);
    await writeMarkedModel(system.modelsDir, 9);
    await truncate(join(system.modelsDir, `${markedName(9)}.pt`), 500_000);
    const write = async (name: string, source: Awaited<ReturnType<typeof saved>>) => {
      const bytes = new Uint8Array(source.sizeBytes);
      await source.readInto(bytes, 0);
      await writeFile(join(system.modelsDir, `${name}.pt`), bytes);
    };
    await write('nan', await savedWith('conv_input.weight', 5, Number.NaN));
    await write('strange', await saved(smallRoot(smallStateDict('other_'))));
    await copyWide(system.modelsDir);
    const load = new EvaluationLoad(system.url, 4, 5);
    for (const [name, code] of [
      [markedName(9), 'ZIP_TRUNCATED'],
      ['nan', 'NON_FINITE_WEIGHTS'],
      ['strange', 'ARCHITECTURE_UNKNOWN'],
      ['wide', 'ARCHITECTURE_MISMATCH'],
    ] as const) {
      const { status, body } = await client.post(`/api/model/load/${name}?wait=60`);
      expect([name, status, body['code']]).toEqual([name, 422, code]);
      const [entry] = await readJournal(client);
      expect(entry).toMatchObject({ kind: 'load', outcome: 'failed', to: null, problem: { code } });
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(new Set(load.answers.map(({ generation }) => generation))).toEqual(new Set([before]));
    expect(await converged(system)).toBe(before);
  }, 400_000);

  it('go back in one call, as often as asked', async () => {
    const first = await activate(client, 4);
    const second = await activate(client, 5);
    const back = await client.post('/api/model/rollback?wait=60');
    expect(back).toMatchObject({ status: 200, body: { model_name: markedName(4), generation: second + 1 } });
    expect(await converged(system)).toBe(second + 1);
    const { model_name, value } = await evaluate(system.url);
    expect(model_name).toBe(markedName(4));
    expect(value).toBeCloseTo(markedValue(4), 5);
    const there = await client.post('/api/model/rollback?wait=60', { generation: second });
    expect(there).toMatchObject({ status: 200, body: { model_name: markedName(5), generation: second + 2 } });
    expect(await converged(system)).toBe(second + 2);
    expect((await evaluate(system.url)).value).toBeCloseTo(markedValue(5), 5);
    const kinds = (await readJournal(client)).slice(0, 4).map(({ kind, to }) => [kind, to?.generation]);
    expect(kinds).toEqual([
      ['rollback', second + 2],
      ['rollback', second + 1],
      ['load', second],
      ['load', first],
    ]);
  }, 400_000);

  it('all follow one that starts late, or that lost sight of Redis for a while', async () => {
    const proxy = new RedisProxy(inject('redisUrl'));
    await proxy.start();
    try {
      await system.start('loader', { REDIS_URL: proxy.url });
      await converged(system);
      proxy.freeze();
      const load = new EvaluationLoad(system.url, 4, 5);
      const generation = await activate(client, 6);
      await delay(3_000);
      proxy.thaw();
      expect(await converged(system)).toBe(generation);
      await load.stop();
      expect(load.failures).toEqual([]);
      expect(wrongAnswers(load.answers, await readJournal(client))).toEqual([]);
    } finally {
      const [last] = liveLoaders(system).slice(-1);
      if (last) await kill(last);
      await proxy.stop();
    }
  }, 400_000);
});

/** A sound model of other sizes than the settings ask for. */
async function copyWide(modelsDir: string): Promise<void> {
  const fixture = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
  await copyFile(fixture, join(modelsDir, 'wide.pt'));
}

describe('three replicas and a Redis', () => {
  let folder: string;
  let port: number;
  let redis: Awaited<ReturnType<typeof startRedisServer>>;
  let system: System;
  let client: Client;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caissa-redis-'));
    port = await freePort();
    redis = await startRedisServer({ dataDir: folder, port });
    system = await start(redis.url);
    client = new Client(system.url);
  });
  afterEach(async () => {
    await system?.stop();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('that is away for long: positions are answered, activations say 503, and all converge after', async () => {
    const generation = await activate(client, 0);
    await converged(system);
    const load = new EvaluationLoad(system.url, 8, 50);
    await delay(500);
    await redis.stop();
    const ends = performance.now() + AWAY_MS;
    while (performance.now() < ends) {
      await atBestWithin(1_000, async () => {
        const { status, body } = await client.post(`/api/model/load/${markedName(1)}`);
        expect([status, body['code']]).toEqual([503, 'REDIS_UNAVAILABLE']);
      });
      await load.untilAnswered(10);
      await delay(500);
    }
    redis = await startRedisServer({ dataDir: folder, port });
    expect(await converged(system)).toBe(generation);
    const next = await until('an activation is accepted', async () => {
      const { status, body } = await client.post(`/api/model/load/${markedName(1)}?wait=60`);
      return status === 200 && Number(body['generation']);
    });
    expect(next).toBe(generation + 1);
    expect(await converged(system)).toBe(next);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(wrongAnswers(load.answers, await readJournal(client))).toEqual([]);
  }, 400_000);

  it('that lost everything: the model stays, its generation does not go back, and the journal is there', async () => {
    for (const number of [0, 1, 2]) await activate(client, number);
    expect(await converged(system)).toBe(3);
    const load = new EvaluationLoad(system.url, 8, 50);
    await redis.stop();
    await rm(folder, { recursive: true });
    await mkdir(folder);
    redis = await startRedisServer({ dataDir: folder, port });
    expect(await converged(system)).toBe(3);
    expect((await client.get('/api/model/current')).body['model_name']).toBe(markedName(2));
    const next = await until('an activation is accepted', async () => {
      const { status, body } = await client.post(`/api/model/load/${markedName(4)}?wait=60`);
      return status === 200 && Number(body['generation']);
    });
    expect(next).toBe(4);
    expect(await converged(system)).toBe(4);
    await load.stop();
    expect(load.failures).toEqual([]);
    const journal = await readJournal(client);
    expect(journal.map(({ to }) => to?.generation)).toEqual([4, 3, 2, 1]);
    expect(wrongAnswers(load.answers, journal)).toEqual([]);
    // A loader that knows nothing of the past finds it as well.
    for (const loader of liveLoaders(system)) await kill(loader);
    await system.start('loader');
    expect(await converged(system)).toBe(4);
  }, 400_000);
});
