import { AppError } from '@caissa/shared/errors';
import type { ArtifactStore, FileOfExport } from '@caissa/storage';
import { batches } from './batches.js';
import type { ExportIndex } from './export-index.js';

/**
 * Removes artifacts, some at a time, from the store and from the list; some may be gone already. Returns their files.
 * @throws AppError REDIS_UNAVAILABLE, STORE_UNAVAILABLE
 */
export async function removeExports(
  store: ArtifactStore,
  index: ExportIndex,
  filenames: readonly string[],
): Promise<FileOfExport[]> {
  const removed: FileOfExport[] = [];
  for (const batch of batches(filenames)) {
    const gone: string[] = [];
    try {
      for (const filename of batch) {
        removed.push(...(await removeIfThere(store, filename)));
        gone.push(filename);
      }
    } finally {
      await index.remove(...gone);
    }
  }
  return removed;
}

async function removeIfThere(store: ArtifactStore, filename: string): Promise<FileOfExport[]> {
  try {
    return await store.remove(filename);
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXPORT_NOT_FOUND') return [];
    throw error;
  }
}
