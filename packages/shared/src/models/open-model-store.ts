import { join } from 'node:path';
import { LocalModelStore, type LocalModelStoreOptions } from './local-model-store.js';
import type { ModelStore } from './model-store.js';

/** Opens the model store in the data folder. @param local how the folder is followed @throws the system's error */
export async function openModelStore(dataDir: string, local: LocalModelStoreOptions = {}): Promise<ModelStore> {
  return LocalModelStore.open(join(dataDir, 'models'), local);
}
