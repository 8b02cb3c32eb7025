import { digestSource } from '@caissa/bytes';
import { type ArtifactRequest, makeArtifact, OPENED_PERCENT, openCheckpoint } from '@caissa/conversion';
import { toIsoSeconds } from '@caissa/formats';
import type { TaskControl } from '@caissa/shared/tasks';
import type { Manifest, ModelSource } from '@caissa/storage';
import { artifactName } from '../artifact-name.js';
import type { ConvertRequest, TaskContext } from './checkpoint-tasks.js';

/**
 * Makes and publishes the artifact of a job out of an open file.
 * @throws AppError, FormatError, VerificationError, SessionError; the signal's reason
 */
export async function convert(
  context: TaskContext,
  request: ConvertRequest,
  file: ModelSource,
  { signal, report, confirm }: TaskControl,
): Promise<Manifest> {
  const { jobId, attempt, createdAt, data, inspected } = request;
  report({ stage: 'opening', percent: 0 });
  const { weights } = data;
  const checkpoint = await openCheckpoint(file, { ...context.reading, weights });
  const isInspected = inspected?.identity === file.identity;
  const opened = (share: number) => report({ stage: 'opening', percent: OPENED_PERCENT * share });
  const sha256 = isInspected ? inspected.sha256 : await digestSource(file, signal, opened);
  signal.throwIfAborted();
  const draft = await context.store.begin(attempt, confirm);
  try {
    const { spare, maxFileBytes } = context;
    // An inspection looks at the weights that are taken by default.
    const source = { file, checkpoint, sha256, weightsChecked: isInspected && weights === undefined };
    const control = { signal, spare, maxFileBytes, report };
    const metadataOf = await makeArtifact(source, draft, artifactRequest(context, request), control);
    const describe = (artifactSha256: string, dataSha256?: string) => ({
      format: data.format,
      model_name: data.model_name,
      job_id: jobId,
      export_date: createdAt.toISOString(),
      metadata: metadataOf(artifactSha256, dataSha256),
      warnings: [...checkpoint.warnings],
    });
    return await draft.commit(artifactName(data, createdAt), describe);
  } catch (error) {
    await draft.abort();
    throw error;
  }
}

function artifactRequest({ sourceDate }: TaskContext, { data, createdAt }: ConvertRequest): ArtifactRequest {
  const { model_name: modelName, format, metadata, weights, options } = data;
  return { modelName, format, metadata, weights, ...options, exportDate: toIsoSeconds(sourceDate ?? createdAt) };
}
