import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '@caissa/launcher';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../setup/client.js';
import { EvaluationLoad } from '../setup/evaluation-load.js';
import { markedName } from '../setup/marked-models.js';
import { activate, converged, liveLoaders, readJournal, startReplicas, wrongAnswers } from '../setup/replicas.js';
import { freePort, kill, type System, until } from '../setup/system.js';

/** Longer than heartbeats are kept, and than a replica is remembered that no longer reports itself. */
const AWAY_MS = 8_000;

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
    system = await startReplicas(redis.url);
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
    await load.untilAnswered(10);
    await redis.stop();
    const ends = performance.now() + AWAY_MS;
    while (performance.now() < ends) {
      await atBestWithin(1_000, async () => {
        const { status, body } = await client.post(`/api/model/load/${markedName(1)}`);
        expect([status, body['code']]).toEqual([503, 'REDIS_UNAVAILABLE']);
      });
      await load.untilAnswered(80);
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
