import { AppError, findModelFile, MODEL_EXTENSION, type Processor, toExportResult } from '@caissa/shared';
import type { ExporterContext } from './context.js';
import { artifactName, convert } from './convert.js';
import { pruneExports } from './prune-exports.js';
import { withCheckpoint } from './with-checkpoint.js';

/**
 * The work of an `export` job: one checkpoint in, one published artifact out. A job that has published already, and was
 * handed out again because its worker died before it could say so, answers the same artifact.
 */
export function exportProcessor(context: ExporterContext): Processor<'export'> {
  return async (item) => {
    const published = await context.store.findByJob(item.id, artifactName(item));
    const manifest = published ?? (await exportOnce(context, item));
    await context.exports.add(manifest);
    // An export that was made stands, whatever becomes of older ones.
    await pruneExports(context, manifest.filename).catch((error: unknown) =>
      item.logger.warn({ err: error }, 'older exports could not be removed'),
    );
    return toExportResult(manifest);
  };
}

const exportOnce = async (context: ExporterContext, item: Parameters<Processor<'export'>>[0]) => {
  const { name, path } = await findModelFile(context.modelsFolder, item.data.model_name);
  return withCheckpoint(path, `${name}${MODEL_EXTENSION}`, (file) => convert(context, item, file)).catch(
    (error: unknown) => {
      // Removed between the two looks.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw gone(name);
      throw error;
    },
  );
};

const gone = (name: string) => new AppError('MODEL_NOT_FOUND', `${name}${MODEL_EXTENSION} was removed.`);
