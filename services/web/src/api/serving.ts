import type { CurrentModel } from '@caissa/shared/contracts';

/**
 * How far the active model is served. `inactive`: no model is active. `down`: no replica answers. `partial`: some do not
 * yet, or answer with the model before it. `full`: all do.
 */
export type Serving = 'inactive' | 'down' | 'partial' | 'full';

/** Why no model answers positions where there is no loader. */
export const NO_LOADER = 'No loader is running: positions are not answered.';

/** How far the active model is served, by what the replicas report. */
export function servingOf({
  loaded,
  replicas,
  replica_list: list,
}: Pick<CurrentModel, 'loaded' | 'replicas' | 'replica_list'>): Serving {
  if (!loaded) return 'inactive';
  if (list.every(({ model_name }) => model_name === null)) return 'down';
  return replicas.ready < replicas.total ? 'partial' : 'full';
}

/** Why the active model answers no positions, in a sentence; undefined if it does, or if no model is active. */
export function outageOf(
  current: Pick<CurrentModel, 'loaded' | 'replicas' | 'replica_list' | 'model_name'>,
): string | undefined {
  if (servingOf(current) !== 'down') return undefined;
  const { replica_list: list, model_name: name } = current;
  if (list.length === 0) return NO_LOADER;
  return list.some(({ state }) => state === 'opening')
    ? `${name} is being opened: positions are answered in a moment.`
    : `No loader could open ${name}: positions are not answered.`;
}
