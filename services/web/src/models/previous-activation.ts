import type { ActivationEntry, CurrentModel } from '@caissa/shared/contracts';

/** What one would go back to: the model that was served before the active one, and the generation that had it. */
export function previousActivation(
  journal: readonly ActivationEntry[],
  current: Pick<CurrentModel, 'generation' | 'sha256'>,
): { readonly model_name: string; readonly generation: number } | undefined {
  for (const { to, outcome } of journal) {
    if (outcome !== 'succeeded' || to === null || to.model_name === null) continue;
    if (to.generation >= current.generation || to.source_sha256 === current.sha256) continue;
    return { model_name: to.model_name, generation: to.generation };
  }
  return undefined;
}
