import type { Heartbeat } from '@caissa/registry';
import type { ReplicaSummary } from '@caissa/shared/contracts';

/** The loaders that live, as the API lists them. */
export function summarizeReplicas(heartbeats: readonly Heartbeat[]): ReplicaSummary[] {
  return heartbeats.map(({ id, host, state, model_name, generation, device_name: device, problem }) => ({
    id,
    host,
    state,
    model_name,
    generation,
    device,
    problem,
  }));
}
