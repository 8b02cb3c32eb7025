import type { ModelSummary } from '@caissa/shared/contracts';

type Loadable = Pick<ModelSummary, 'status' | 'problem' | 'deploy_problem'>;

/** Why a model cannot be loaded, in a sentence; undefined if it can be tried, which a model not inspected yet can. */
export function loadObstacle({ status, problem, deploy_problem: misfit }: Loadable): string | undefined {
  if (status === 'unreadable') return problem?.detail ?? 'It cannot be read.';
  return misfit?.detail;
}
