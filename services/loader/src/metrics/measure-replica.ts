import type { SessionState } from '@caissa/registry';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What a replica tells of itself. */
export interface ReplicaReadings {
  /** Generation that it has reached. */
  readonly generation: number;
  /** Times that the process of a session ended unasked, since the loader began. */
  readonly sessionRestarts: number;
  readonly sessions: readonly SessionState[];
  /** Positions that wait to be computed, of all models together. */
  readonly queuedPositions: number;
}

/** Adds what is known of a loader's sessions, read with each scrape. */
export function measureReplica(registry: Registry, read: () => ReplicaReadings): void {
  const registers = [registry];
  const generation: Gauge = new Gauge({
    name: 'caissa_replica_generation',
    help: 'Generation of the activation that this loader has reached; 0 before the first.',
    registers,
    collect: () => generation.set(read().generation),
  });
  const restarts: Counter = new Counter({
    name: 'caissa_session_restarts_total',
    help: 'Times that the process of a session ended unasked.',
    registers,
    collect: () => {
      restarts.reset();
      restarts.inc(read().sessionRestarts);
    },
  });
  const queued: Gauge = new Gauge({
    name: 'caissa_inference_queue_positions',
    help: 'Positions that wait to be computed.',
    registers,
    collect: () => queued.set(read().queuedPositions),
  });
  const sessions: Gauge = new Gauge({
    name: 'caissa_sessions',
    help: 'Models that this loader holds, by name and state; few, because their number is limited.',
    labelNames: ['model', 'state', 'active'],
    registers,
    collect: () => {
      sessions.reset();
      for (const { name, state, active } of read().sessions)
        sessions.inc({ model: name, state, active: String(active) });
    },
  });
}
