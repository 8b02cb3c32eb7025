import { exportStem } from '@caissa/formats';
import type { ExportJobData } from '@caissa/shared/contracts';
import type { ArtifactName } from '@caissa/storage';

/** Name under which a job's artifact is published; the same for every attempt at the job. */
export function artifactName(data: Pick<ExportJobData, 'model_name' | 'format'>, createdAt: Date): ArtifactName {
  return { stem: exportStem(data.model_name, createdAt), format: data.format };
}
