import type { ChildProcess } from 'node:child_process';
import { Client } from './client.js';
import { type System, until } from './system.js';

/** How soon every replica must be where the pointer is. */
const CONVERGENCE_MS = 10_000;

interface ReplicaRow {
  readonly id: string;
  readonly generation: number;
  readonly model_name: string | null;
}

/** A line of the journal. */
export interface JournalEntry {
  readonly job_id: string;
  readonly kind: string;
  readonly outcome: string;
  readonly to: { readonly generation: number; readonly model_name: string } | null;
  readonly problem?: { readonly code: string };
}

/** The loader processes that run. */
export function liveLoaders(system: System): ChildProcess[] {
  return system.processes.loader.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
}

/** Waits until every loader that runs serves the active generation. Answers that. */
export async function converged(system: System, timeoutMs = CONVERGENCE_MS): Promise<number> {
  const client = new Client(system.url);
  let seen: unknown;
  try {
    return await until(
      'all replicas are where the pointer is',
      async () => {
        const { status, body } = await client.get('/api/model/current');
        seen = body;
        if (status !== 200 || body['loaded'] !== true) return false;
        const rows = body['replica_list'] as readonly ReplicaRow[];
        const good = liveLoaders(system).every(({ pid }) =>
          rows.some(
            (row) =>
              row.id.includes(`-${pid}-`) &&
              row.generation === body['generation'] &&
              row.model_name === body['model_name'],
          ),
        );
        return good && Number(body['generation']);
      },
      timeoutMs,
    );
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
