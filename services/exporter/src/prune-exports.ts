import type { WorkItem } from '@caissa/queue';
import { removeExports } from '@caissa/registry';
import type { ExporterContext } from './context.js';

/** Removes all but the newest exports, if that is asked for, and never the one that was just made. */
export async function pruneExports(
  { store, exports, keepRecentExports }: ExporterContext,
  item: WorkItem<'export'>,
  newest: string,
): Promise<void> {
  if (keepRecentExports === 0) return;
  const names = (await exports.beyond(keepRecentExports)).map(({ filename }) => filename);
  const old = names.filter((name) => name !== newest);
  // By names that were newest when this worker was held up: it may be told by now that others are.
  await item.confirm();
  await removeExports(store, exports, old);
}
