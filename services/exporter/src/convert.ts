import {
  type Checkpoint,
  describeCheckpoint,
  digestSource,
  type ExportControl,
  exportOnnx,
  exportPytorch,
  FileSource,
  openCheckpoint,
  refuseIfChanged,
  verifyOnnx,
  verifyPytorch,
} from '@caissa/conversion';
import {
  type ArtifactDraft,
  exportStem,
  FORMAT_EXTENSION,
  type JsonObject,
  type Manifest,
  type WorkItem,
} from '@caissa/shared';
import type { ExporterContext } from './context.js';
import { type ExportFindings, metadataInFile, metadataOfExport, toOnnxProperties } from './export-metadata.js';
import { identityOf } from './identity.js';

type ExportItem = WorkItem<'export'>;

/** Percent at which each stage begins; converting takes what lies between. */
const PERCENT = { opening: 0, converting: 5, verifying: 80, publishing: 95 } as const;

/** Name under which a job's artifact is published; the same for every attempt at the job. */
export function artifactName({ data, createdAt }: ExportItem): { stem: string; extension: string } {
  return { stem: exportStem(data.model_name, createdAt), extension: FORMAT_EXTENSION[data.format] };
}

/**
 * Makes and publishes the artifact of a job. Nothing is left of one that failed.
 * @throws AppError, FormatError, VerificationError, SessionError; the signal's reason
 */
export async function convert(context: ExporterContext, item: ExportItem, source: FileSource): Promise<Manifest> {
  const { data, signal, createdAt } = item;
  item.report({ stage: 'opening', percent: PERCENT.opening });
  const checkpoint = await openCheckpoint(source);
  const inspectedSha256 = await inspectedDigest(context, item, source);
  const sourceSha256 = inspectedSha256 ?? (await digestSource(source, signal));
  const inFile = metadataInFile({ data, exportDate: createdAt, sourceSha256 });
  const { metadata } = describeCheckpoint(checkpoint);
  signal.throwIfAborted();
  const draft = await context.store.begin(item.id, { firstAttempt: item.firstAttempt });
  try {
    const texts = { checkpoints: metadata, inFile };
    await write(item, checkpoint, draft, texts, inspectedSha256 !== undefined);
    draft.complete();
    const verification = await verify(context, item, checkpoint, draft);
    await refuseIfChanged(source);
    signal.throwIfAborted();
    item.report({ stage: 'publishing', percent: PERCENT.publishing });
    const describe = (sha256: string) => ({
      format: data.format,
      model_name: data.model_name,
      job_id: item.id,
      export_date: createdAt.toISOString(),
      metadata: metadataOfExport(metadata, inFile, { sha256, verification }),
    });
    return await draft.commit(artifactName(item), describe, data.format === 'onnx');
  } catch (error) {
    await draft.abort();
    throw error;
  }
}

/** The digest of the source, if an inspection has seen the file in this state and found its weights sound. */
async function inspectedDigest(
  context: ExporterContext,
  item: ExportItem,
  source: FileSource,
): Promise<string | undefined> {
  // Without Redis the file can still be looked at.
  const known = await context.catalogue.get(item.data.model_name).catch(() => undefined);
  if (known?.status !== 'ready' || known.identity !== identityOf(source)) return undefined;
  return known.sha256 ?? undefined;
}

async function write(
  item: ExportItem,
  checkpoint: Checkpoint,
  draft: ArtifactDraft,
  { checkpoints, inFile }: { checkpoints: JsonObject; inFile: JsonObject },
  weightsChecked: boolean,
): Promise<void> {
  const share = PERCENT.verifying - PERCENT.converting;
  const control: ExportControl = {
    weightsChecked,
    signal: item.signal,
    onProgress: (written, total) =>
      item.report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total }),
  };
  item.report({ stage: 'converting', percent: PERCENT.converting });
  const { format, options } = item.data;
  if (format === 'pytorch') {
    await exportPytorch(checkpoint, draft, { ...control, metadata: inFile });
  } else {
    const metadata = toOnnxProperties({ ...checkpoints, ...inFile });
    await exportOnnx(checkpoint, draft, { ...control, opset: options.opset, metadata });
  }
}

async function verify(
  { spare }: ExporterContext,
  item: ExportItem,
  checkpoint: Checkpoint,
  draft: ArtifactDraft,
): Promise<ExportFindings['verification']> {
  const { signal } = item;
  const level = item.data.options.verify;
  if (level === 'none') return { level };
  item.report({ stage: 'verifying', percent: PERCENT.verifying });
  if (item.data.format === 'onnx') return verifyOnnx(draft.localPath, checkpoint, level, { signal, spare });
  const written = await FileSource.open(draft.localPath);
  try {
    return await verifyPytorch(written, checkpoint, level, signal);
  } finally {
    await written.close();
  }
}
