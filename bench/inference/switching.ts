import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeCheckpointFile } from '../harness/checkpoint-file.js';
import { ClientLoad, type Sample } from '../harness/client-load.js';
import type { Comparison } from '../harness/comparison.js';
import { quantile } from '../harness/statistics.js';
import { inferRequest } from './infer-request.js';
import type { ServingSystem } from './serving-system.js';

const CLIENTS = 64;
/** How long the load runs before each switch: the time it is compared with. */
const BEFORE_MS = 4_000;
const AFTER_MS = 500;
/** Until a loader is at rest after an activation: the session before has been drained, and a process waits for the next. */
const SETTLE_MS = 4_000;
/** Each first activation needs a checkpoint of its own. */
const MOST_RUNS = 5;
const FIRST_SEED = 100;

interface Switch {
  readonly beforeP99Ms: number;
  readonly duringP99Ms: number;
}

/** What activations take, first and again, and what those who play meanwhile notice of them. */
export async function measureSwitching(
  system: ServingSystem,
  models: readonly [string, string, string],
  runs: number,
): Promise<Comparison[]> {
  const rounds = Math.min(runs, MOST_RUNS);
  const activations = await measureActivations(system, models, rounds);
  const load = new ClientLoad(system.loaderPort, CLIENTS, inferRequest('active'));
  const again: Switch[] = [];
  const first: Switch[] = [];
  for (let round = 0; round < rounds; round++) {
    again.push(await switchUnderLoad(system, load, models[round % 2] ?? ''));
    const fresh = await writeFresh(system, FIRST_SEED + rounds + round);
    first.push(await switchUnderLoad(system, load, fresh));
    await system.activate(models[round % 2] ?? '');
    await removeModel(system, fresh);
  }
  const samples = await load.stop();
  const failed = samples.filter(({ ok }) => !ok).length;
  return [
    ...activations,
    {
      title: `requests of ${CLIENTS} clients that failed while models were switched ${3 * rounds} times, of ${samples.length}`,
      unit: 'requests',
      ours: { label: 'Caissa', values: [failed] },
      target: { kind: 'value', atMost: 0 },
    },
    compareSwitches('p99 while a model that was seen before is switched to', again),
    compareSwitches('p99 while a new model is converted and switched to', first),
  ];
}

function compareSwitches(title: string, switches: readonly Switch[]): Comparison {
  return {
    title,
    unit: 'ms',
    reference: { label: 'p99 before', values: switches.map(({ beforeP99Ms }) => beforeP99Ms) },
    ours: { label: 'p99 during the switch', values: switches.map(({ duringP99Ms }) => duringP99Ms) },
    target: { kind: 'ratio', atMost: 3 },
  };
}

/** @param others as many as make a loader end the session of a model that was active before them */
async function measureActivations(
  system: ServingSystem,
  others: readonly string[],
  rounds: number,
): Promise<Comparison[]> {
  const first: number[] = [];
  const opened: number[] = [];
  const kept: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const fresh = await writeFresh(system, FIRST_SEED + round);
    first.push(await activateAtRest(system, fresh));
    for (const other of others) await activateAtRest(system, other);
    opened.push(await activateAtRest(system, fresh));
    await activateAtRest(system, others[0] ?? '');
    kept.push(await activateAtRest(system, fresh));
    await activateAtRest(system, others[0] ?? '');
    await removeModel(system, fresh);
  }
  const compared = (label: string, values: readonly number[]): Comparison => ({
    title: `activation of a model that was seen before, ${label}`,
    unit: 'ms',
    reference: { label: 'the first time', values: first },
    ours: { label: 'again', values },
    target: { kind: 'ratio', atMost: 0.5 },
  });
  return [compared('its session ended since', opened), compared('its session still open', kept)];
}

async function activateAtRest(system: ServingSystem, model: string): Promise<number> {
  await delay(SETTLE_MS);
  return system.activate(model);
}

async function switchUnderLoad(system: ServingSystem, load: ClientLoad, model: string): Promise<Switch> {
  await delay(BEFORE_MS);
  const begunMs = performance.now();
  await system.activate(model);
  const endedMs = performance.now();
  await delay(AFTER_MS);
  const before = load.samples.filter((one) => one.begunMs > begunMs - BEFORE_MS && one.endedMs <= begunMs);
  const during = load.samples.filter((one) => one.begunMs < endedMs && one.endedMs > begunMs);
  return { beforeP99Ms: p99(before), duringP99Ms: p99(during) };
}

function p99(samples: readonly Sample[]): number {
  return quantile(
    samples.map(({ begunMs, endedMs }) => endedMs - begunMs),
    0.99,
  );
}

async function writeFresh({ modelsFolder }: ServingSystem, seed: number): Promise<string> {
  const name = `fresh_${seed}`;
  await writeCheckpointFile(join(modelsFolder, `${name}.pt`), undefined, seed);
  return name;
}

async function removeModel({ modelsFolder }: ServingSystem, name: string): Promise<void> {
  await rm(join(modelsFolder, `${name}.pt`));
}
