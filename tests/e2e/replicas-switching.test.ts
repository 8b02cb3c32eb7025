import { copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { saved, savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { EvaluationLoad, evaluate } from '../setup/evaluation-load.js';
import { markedName, markedValue, writeMarkedModel } from '../setup/marked-models.js';
import {
  activate,
  Convergence,
  converged,
  liveLoaders,
  MODELS,
  readJournal,
  startReplicas,
  wrongAnswers,
} from '../setup/replicas.js';
import { kill, type System } from '../setup/system.js';

/** Each model is made active once, and two of them once more. */
const ROUNDS = MODELS + 2;

describe('three replicas', () => {
  let system: System;
  let client: Client;
  beforeAll(async () => {
    system = await startReplicas(inject('redisUrl'));
    client = new Client(system.url);
    await activate(client, 0);
    await converged(system);
  });
  afterAll(() => system?.stop());

  it('lose no request and tell no lie while models are switched', async () => {
    const load = new EvaluationLoad(system.url, 8, 5);
    const convergence = new Convergence(system);
    for (let round = 1; round <= ROUNDS; round++) {
      const generation = await activate(client, round % MODELS);
      expect(await convergence.wait()).toBe(generation);
      await load.untilAnswered(10, (answer) => answer.generation === generation);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(wrongAnswers(load.answers, await readJournal(client))).toEqual([]);
    convergence.check();
  }, 400_000);

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
      await load.untilAnswered(200);
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
