import { AppError } from '@caissa/shared/errors';
import type { ExporterContext } from './context.js';

/** Removes all but the newest exports, if that is asked for, and never the one that was just made. */
export async function pruneExports(context: ExporterContext, newest: string): Promise<void> {
  if (context.keepRecentExports === 0) return;
  for (const { filename } of await context.exports.beyond(context.keepRecentExports)) {
    if (filename === newest) continue;
    await context.store.remove(filename).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'EXPORT_NOT_FOUND')) throw error;
    });
    await context.exports.remove(filename);
  }
}
