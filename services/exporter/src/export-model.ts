import type { Processor, WorkItem } from '@caissa/queue';
import type { JobProgress } from '@caissa/shared/contracts';
import { TaskLostError, tryTwice } from '@caissa/shared/tasks';
import { type Manifest, newAttempt, toExportResult } from '@caissa/storage';
import { artifactName } from './artifact-name.js';
import type { ExporterContext } from './context.js';
import { pruneExports } from './prune-exports.js';
import type { ConvertRequest } from './tasks/checkpoint-tasks.js';

type ExportItem = WorkItem<'export'>;

/**
 * The work of an `export` job: one checkpoint in, one published artifact out. A job that has published already, and was
 * handed out again because its worker died before it could say so, returns the same artifact.
 */
export function exportProcessor(context: ExporterContext): Processor<'export'> {
  return async (item) => {
    const { logger, data } = item;
    const filename = async () => (await context.models.find(data.model_name)).filename;
    const manifest = await tryTwice({ filename, logger }, (isFirst) =>
      exportOnce(context, isFirst ? item : { ...item, firstAttempt: false }),
    );
    await item.confirm();
    await context.exports.addPublished(context.store, manifest);
    // An export that was made stands, whatever becomes of older ones.
    await pruneExports(context, item, manifest.filename).catch((error: unknown) =>
      logger.warn({ err: error }, 'older exports could not be removed'),
    );
    return toExportResult(manifest);
  };
}

async function exportOnce(context: ExporterContext, item: ExportItem): Promise<Manifest> {
  const { store, tasks } = context;
  const { id, data, createdAt, firstAttempt, signal } = item;
  const confirm = () => item.confirm();
  const published = firstAttempt ? undefined : await store.takeOver(id, artifactName(data, createdAt), confirm);
  if (published !== undefined) return published;
  const attempt = newAttempt(id);
  const control = { signal, confirm, report: (progress: JobProgress) => item.report(progress) };
  try {
    return await tasks.convert(await requestOf(context, item, attempt), control);
  } catch (error) {
    if (signal.aborted || error instanceof TaskLostError) await giveUp(context, item, attempt);
    throw error;
  }
}

async function requestOf(
  { catalogue }: ExporterContext,
  { id: jobId, createdAt, data }: ExportItem,
  attempt: string,
): Promise<ConvertRequest> {
  const { model_name, format, metadata, weights, options } = data;
  // Without Redis the file can still be looked at.
  const known = await catalogue.get(model_name).catch(() => undefined);
  const sha256 = known?.status === 'ready' ? known.sha256 : null;
  const inspected = known === undefined || sha256 === null ? undefined : { identity: known.identity, sha256 };
  return { jobId, attempt, createdAt, data: { model_name, format, metadata, weights, options }, inspected };
}

/** Removes what a process may have left that was ended in the middle. What cannot be removed now is swept later. */
async function giveUp({ store }: ExporterContext, { logger }: ExportItem, attempt: string): Promise<void> {
  await store
    .giveUp(attempt)
    .catch((error: unknown) => logger.debug({ err: error }, 'an interrupted draft could not be removed'));
}
