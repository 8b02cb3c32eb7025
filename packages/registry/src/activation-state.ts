import type { ActivationState } from '@caissa/shared/contracts';
import type { PointerState } from './active-model.js';

/** One side of an activation as the journal shows it; `model_name` is null after an unload. */
export function activationState(state: Pick<PointerState, 'generation' | 'pointer'>): ActivationState {
  const { generation, pointer } = state;
  return {
    generation,
    model_name: pointer?.model_name ?? null,
    version: pointer?.version ?? null,
    source_sha256: pointer?.source_sha256 ?? null,
  };
}
