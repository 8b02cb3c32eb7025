import { digestSource } from '@caissa/bytes';
import { type ArtifactRequest, makeArtifact, OPENED_PERCENT, openCheckpoint } from '@caissa/conversion';
import { exportStem, toIsoSeconds } from '@caissa/formats';
import type { WorkItem } from '@caissa/queue';
import type { ArtifactName, Manifest, ModelSource } from '@caissa/storage';
import type { ExporterContext } from './context.js';

type ExportItem = WorkItem<'export'>;

/** Name under which a job's artifact is published; the same for every attempt at the job. */
export function artifactName({ data, createdAt }: ExportItem): ArtifactName {
  return { stem: exportStem(data.model_name, createdAt), format: data.format };
}

/**
 * Makes and publishes the artifact of a job. Nothing is left of one that failed.
 * @throws AppError, FormatError, VerificationError, SessionError; the signal's reason
 */
export async function convert(context: ExporterContext, item: ExportItem, file: ModelSource): Promise<Manifest> {
  const { data, signal, createdAt } = item;
  item.report({ stage: 'opening', percent: 0 });
  const { weights } = data;
  const checkpoint = await openCheckpoint(file, { ...context.reading, weights });
  const inspectedSha256 = await inspectedDigest(context, item, file);
  const opened = (share: number) => item.report({ stage: 'opening', percent: OPENED_PERCENT * share });
  const sha256 = inspectedSha256 ?? (await digestSource(file, signal, opened));
  signal.throwIfAborted();
  const draft = await context.store.begin(item.id, { firstAttempt: item.firstAttempt });
  try {
    // An inspection looks at the weights that are taken by default.
    const weightsChecked = inspectedSha256 !== undefined && weights === undefined;
    const source = { file, checkpoint, sha256, weightsChecked };
    const metadataOf = await makeArtifact(source, draft, requestOf(item), {
      signal,
      spare: context.spare,
      maxFileBytes: context.maxFileBytes,
      report: (progress) => item.report(progress),
    });
    const describe = (artifactSha256: string, dataSha256?: string) => ({
      format: data.format,
      model_name: data.model_name,
      job_id: item.id,
      export_date: createdAt.toISOString(),
      metadata: metadataOf(artifactSha256, dataSha256),
      warnings: [...checkpoint.warnings],
    });
    return await draft.commit(artifactName(item), describe);
  } catch (error) {
    await draft.abort();
    throw error;
  }
}

function requestOf({ data, createdAt }: ExportItem): ArtifactRequest {
  const { model_name: modelName, format, metadata, weights, options } = data;
  return { modelName, format, metadata, weights, ...options, exportDate: toIsoSeconds(createdAt) };
}

/** The digest of the source, if an inspection has seen the file in this state and found its weights sound. */
async function inspectedDigest(
  context: ExporterContext,
  item: ExportItem,
  source: ModelSource,
): Promise<string | undefined> {
  // Without Redis the file can still be looked at.
  const known = await context.catalogue.get(item.data.model_name).catch(() => undefined);
  if (known?.status !== 'ready' || known.identity !== source.identity) return undefined;
  return known.sha256 ?? undefined;
}
