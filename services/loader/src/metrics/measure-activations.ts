import type { Processor } from '@caissa/queue';
import { type ErrorCode, toAppError } from '@caissa/shared/errors';
import { Counter, type Registry } from 'prom-client';

/** Failures by which an activation counts as something else than failed. */
const OUTCOMES: Partial<Record<ErrorCode, string>> = { SUPERSEDED: 'superseded', CANCELLED: 'cancelled' };

/** Counts how attempts at activations end. */
export function measureActivations(registry: Registry, processor: Processor<'load'>): Processor<'load'> {
  const activations = new Counter({
    name: 'caissa_activations_total',
    help: 'Attempts at activations on this loader, by kind (load, rollback, unload) and outcome (succeeded, failed, superseded, cancelled).',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  return async (item) => {
    const kind = item.data.kind ?? 'load';
    try {
      const result = await processor(item);
      activations.inc({ kind, outcome: 'succeeded' });
      return result;
    } catch (error) {
      activations.inc({ kind, outcome: OUTCOMES[toAppError(error).code] ?? 'failed' });
      throw error;
    }
  };
}
