import { join } from 'node:path';
import { openObjectStore } from '../object-store/open-object-store.js';
import type { ObjectStoreSettings } from '../object-store/s3-client.js';
import { LocalModelStore } from './local-model-store.js';
import type { ModelStore } from './model-store.js';
import { S3ModelStore } from './s3-model-store.js';
import type { WatchOptions } from './watch-folder.js';

/**
 * Opens the model store that the settings ask for: `models/` of the data folder, or a bucket, with what was fetched of
 * open checkpoints in `spool/` of the data folder.
 * @param local how a folder is followed
 * @throws ConfigurationError; the system's error
 */
export async function openModelStore(
  settings: ObjectStoreSettings,
  dataDir: string,
  local: WatchOptions = {},
): Promise<ModelStore> {
  const objects = await openObjectStore(settings);
  if (objects === undefined) return LocalModelStore.open(join(dataDir, 'models'), local);
  return S3ModelStore.open(objects, { spoolFolder: join(dataDir, 'spool') });
}
