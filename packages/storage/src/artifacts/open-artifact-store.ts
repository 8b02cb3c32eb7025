import { join } from 'node:path';
import { openObjectStore } from '../object-store/open-object-store.js';
import type { ObjectStoreSettings } from '../object-store/s3-client.js';
import type { ArtifactStore } from './artifact-store.js';
import { LocalArtifactStore } from './local-artifact-store.js';
import { S3ArtifactStore } from './s3-artifact-store.js';

/**
 * Opens the artifact store that the settings ask for: `exports/` of the data folder, or a bucket, with drafts in `drafts/`
 * of the data folder. @throws ConfigurationError, AppError STORE_UNAVAILABLE
 */
export async function openArtifactStore(settings: ObjectStoreSettings, dataDir: string): Promise<ArtifactStore> {
  const objects = await openObjectStore(settings);
  if (objects === undefined) return LocalArtifactStore.open(join(dataDir, 'exports'));
  const spoolFolder = join(dataDir, 'drafts');
  return new S3ArtifactStore({ objects, spoolFolder, presignedDownloads: settings.S3_PRESIGNED_DOWNLOADS });
}
