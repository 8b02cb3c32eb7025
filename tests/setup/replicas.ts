import type { ChildProcess } from 'node:child_process';
import { Client } from './client.js';
import type { Answered } from './evaluation-load.js';
import { MARKED_SIZES, markedName, markedValue, writeMarkedModel } from './marked-models.js';
import { type System, startSystem, until } from './system.js';

/** Marked models that a system of replicas has. */
export const MODELS = 8;

/** How soon the replicas that run are where the pointer is, on the whole. */
const CONVERGENCE_MS = 10_000;

interface ReplicaRow {
  readonly id: string;
  readonly generation: number;
  readonly model_name: string | null;
}

interface Current {
  readonly loaded: boolean;
  readonly generation: number;
  readonly model_name: string;
  readonly replica_list: readonly ReplicaRow[];
}

/** A line of the journal. */
export interface JournalEntry {
  readonly job_id: string;
  readonly kind: string;
  readonly outcome: string;
  readonly to: { readonly generation: number; readonly model_name: string } | null;
  readonly problem?: { readonly code: string };
}

/** Starts loaders that share a folder of marked models, none of which is active. */
export function startReplicas(redisUrl: string, loaders = 3): Promise<System> {
  return startSystem({
    redisUrl,
    loaders,
    exporters: 0,
    env: MARKED_SIZES,
    prepare: async ({ modelsDir }) => {
      for (let number = 0; number < MODELS; number++) await writeMarkedModel(modelsDir, number);
    },
  });
}

/** Makes a marked model the active one. Returns its generation. */
export async function activate(client: Client, number: number): Promise<number> {
  const { status, body } = await client.post(`/api/model/load/${markedName(number)}?wait=60`);
  if (status === 200 && body['model_name'] === markedName(number)) return Number(body['generation']);
  throw new Error(`${markedName(number)} was not activated: ${status} ${JSON.stringify(body)}`);
}

/** Answers that no model of that generation would have given, each kind once. */
export function wrongAnswers(answers: readonly Answered[], journal: readonly JournalEntry[]): Answered[] {
  const names = new Map(journal.flatMap(({ to }) => (to ? [[to.generation, to.model_name] as const] : [])));
  const wrong = answers.filter(({ generation, model_name, value }) => {
    const number = Number(model_name.replace('marked_', ''));
    return names.get(generation) !== model_name || Math.abs(value - markedValue(number)) > 1e-5;
  });
  return [...new Map(wrong.map((one) => [`${one.generation} ${one.model_name} ${one.value}`, one])).values()];
}

/** The loader processes that run. */
export function liveLoaders(system: System): ChildProcess[] {
  return system.processes.loader.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
}

/** Waits until every loader that runs serves the active generation, however long it takes. Returns that. */
export async function converged(system: System): Promise<number> {
  const where = ({ generation, model_name }: Current | ReplicaRow) => `${generation} ${model_name}`;
  const { generation } = await untilReplicas(
    system,
    'all replicas are where the pointer is',
    (row, current) => current.loaded && where(row) === where(current),
  );
  return generation;
}

/**
 * How soon replicas converge, over many times. The time that a process takes to start is the machine's and does not
 * count, and one slow time may be the machine's as well: it is the median that has a limit.
 */
export class Convergence {
  readonly #system: System;
  readonly #timesMs: number[] = [];

  constructor(system: System) {
    this.#system = system;
  }

  /** As {@link converged}; the clock runs from when every running loader has sent a heartbeat. */
  async wait(): Promise<number> {
    await untilReplicas(this.#system, 'all replicas report themselves', () => true);
    const began = performance.now();
    const generation = await converged(this.#system);
    this.#timesMs.push(performance.now() - began);
    return generation;
  }

  /** @throws Error if replicas took too long on the whole */
  check(): void {
    const sorted = this.#timesMs.toSorted((left, right) => left - right);
    const medianMs = sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY;
    if (medianMs < CONVERGENCE_MS) return;
    throw new Error(`replicas converge in ${medianMs} ms and not in ${CONVERGENCE_MS}: ${sorted.map(Math.round)}`);
  }
}

/** Waits until the API shows each loader that runs, and all as they should be. */
async function untilReplicas(
  system: System,
  what: string,
  isGood: (row: ReplicaRow, current: Current) => boolean,
): Promise<Current> {
  const client = new Client(system.url);
  let seen: unknown;
  try {
    return await until(what, async () => {
      const { status, body } = await client.get('/api/model/current');
      seen = body;
      if (status !== 200) return false;
      const current = body as unknown as Current;
      const good = liveLoaders(system).every(({ pid }) =>
        current.replica_list.some((row) => row.id.includes(`-${pid}-`) && isGood(row, current)),
      );
      return good && current;
    });
  } catch (error) {
    throw new Error(`${String(error)}; the last that was seen: ${JSON.stringify(seen)}`);
  }
}

/** The whole journal, the newest entry first. */
export async function readJournal(client: Client): Promise<JournalEntry[]> {
  const { status, body } = await client.get('/api/model/activations?limit=500');
  if (status !== 200) throw new Error(`the journal: ${status} ${JSON.stringify(body)}`);
  return body['activations'] as JournalEntry[];
}
