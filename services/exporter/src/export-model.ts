import { conversionFailure, withSource } from '@caissa/conversion';
import type { Processor, WorkItem } from '@caissa/queue';
import { namedError } from '@caissa/shared/errors';
import { type Manifest, toExportResult } from '@caissa/storage';
import type { ExporterContext } from './context.js';
import { artifactName, convert } from './convert.js';
import { pruneExports } from './prune-exports.js';

/**
 * The work of an `export` job: one checkpoint in, one published artifact out. A job that has published already, and was
 * handed out again because its worker died before it could say so, returns the same artifact.
 */
export function exportProcessor(context: ExporterContext): Processor<'export'> {
  return async (item) => {
    const published = item.firstAttempt ? undefined : await context.store.findByJob(item.id, artifactName(item));
    const manifest = published ?? (await exportOnce(context, item));
    await context.exports.add(manifest);
    // An export that was made stands, whatever becomes of older ones.
    await pruneExports(context, manifest.filename).catch((error: unknown) =>
      item.logger.warn({ err: error }, 'older exports could not be removed'),
    );
    return toExportResult(manifest);
  };
}

async function exportOnce(context: ExporterContext, item: WorkItem<'export'>): Promise<Manifest> {
  const { model_name: name } = item.data;
  // Until the file is open, it is called by its model.
  let called = name;
  try {
    return await withSource(context.models.open(name), (source) => {
      called = source.filename;
      return convert(context, item, source);
    });
  } catch (error) {
    throw namedError(error, conversionFailure(error), called);
  }
}
