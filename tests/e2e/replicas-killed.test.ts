import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { EvaluationLoad } from '../setup/evaluation-load.js';
import { markedName } from '../setup/marked-models.js';
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

/** Activations in the middle of which loaders are killed: so many at least, and until one had the job so many times. */
const ACTIVATIONS = { atLeast: 6, atMost: 25, takenUp: 2 };

/** Multiples of it, without their whole part, are spread evenly from 0 to 1 however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** An order of events that is the same in each run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** About how long an activation takes here and now. */
async function activationMs(client: Client): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < 3; number++) {
    const began = performance.now();
    await activate(client, number);
    times.push(performance.now() - began);
  }
  return times.sort((left, right) => left - right)[1] ?? 0;
}

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

  it('converge when one or two are killed at any moment of an activation', async () => {
    const random = seededRandom(7);
    const load = new EvaluationLoad(system.url, 4, 50);
    const convergence = new Convergence(system);
    const jobs = new Set<string>();
    let takenUp = 0;
    const killWithinMs = await activationMs(client);
    const isEnough = () => jobs.size >= ACTIVATIONS.atLeast && takenUp >= ACTIVATIONS.takenUp;
    for (let round = 0; round < ACTIVATIONS.atMost && !isEnough(); round++) {
      const { status, body } = await client.post(`/api/model/load/${markedName(round % MODELS)}`);
      expect(status).toBe(202);
      jobs.add(String(body['job_id']));
      await delay(((round * GOLDEN_RATIO) % 1) * killWithinMs);
      const loaders = liveLoaders(system);
      const first = Math.floor(random() * loaders.length);
      const victims = [...loaders.slice(first), ...loaders.slice(0, first)].slice(0, 1 + (round % 2));
      await Promise.all(victims.map((victim) => kill(victim)));
      for (const _ of victims) await system.start('loader');
      await convergence.wait();
      // If it was the one that activated, another one takes that up; then all follow again.
      const job = await client.finish(String(body['job_id']));
      if (job.attempts > 1) takenUp++;
      expect(await converged(system)).toBe((job.result as { generation: number } | undefined)?.generation);
      await load.untilAnswered(10);
    }
    await load.stop();
    convergence.check();
    // Every other time one of three is killed, or two: about half of the times one of them has the job.
    expect(takenUp).toBeGreaterThanOrEqual(ACTIVATIONS.takenUp);
    expect(load.failures).toEqual([]);
    const journal = await readJournal(client);
    expect(wrongAnswers(load.answers, journal)).toEqual([]);
    const told = journal.filter(({ job_id }) => jobs.has(job_id));
    expect(told.map(({ outcome }) => outcome)).toEqual(told.map(() => 'succeeded'));
    const generations = told.flatMap(({ to }) => (to ? [to.generation] : []));
    expect(generations).toEqual(generations.toSorted((left, right) => right - left));
    expect(new Set(generations).size).toBe(jobs.size);
  }, 1_200_000);
});
