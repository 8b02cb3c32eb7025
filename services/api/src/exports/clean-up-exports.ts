import { cleanupRequestSchema, removalSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { type ArtifactStore, type FileOfExport, filesOf, type Manifest } from '@caissa/storage';
import type { ApiContext } from '../context.js';
import { defineRoute } from '../http/route.js';
import { describeRemoval } from './removal.js';

/** `POST /api/model/exports/cleanup` */
export const cleanUpExportsRoute = defineRoute({
  method: 'post',
  path: '/api/model/exports/cleanup',
  tag: 'Exports',
  summary: 'Remove all but the newest exports',
  description: 'Keeps the `keep_recent` newest exports over all models.',
  role: 'operator',
  body: cleanupRequestSchema,
  responses: {
    200: { description: 'What was removed, or would be with `dry_run`.', schema: removalSchema },
    400: { description: 'The body is not valid.', schema: problemSchema },
  },
  handler: async (context, { body: { keep_recent, dry_run } }) => {
    const beyond = await context.exports.beyond(keep_recent);
    const removed = dry_run ? beyond.flatMap(filesOf) : await removeAll(context, beyond);
    return { status: 200, body: describeRemoval(removed, dry_run) };
  },
});

async function removeAll({ store, exports }: ApiContext, manifests: readonly Manifest[]) {
  const removed: FileOfExport[] = [];
  for (const { filename } of manifests) {
    removed.push(...(await removeIfThere(store, filename)));
    await exports.remove(filename);
  }
  return removed;
}

/** It may have been removed since it was listed. */
async function removeIfThere(store: ArtifactStore, filename: string) {
  try {
    return await store.remove(filename);
  } catch (error) {
    if (error instanceof AppError && error.code === 'EXPORT_NOT_FOUND') return [];
    throw error;
  }
}
