import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nameFile, temporaryPath } from '@caissa/bytes';
import { openObjectStore } from './object-store/open-object-store.js';
import type { ObjectStoreSettings } from './object-store/s3-client.js';

/** Which store of checkpoints a system has. */
export interface StoreIdentity {
  /** Moves with the files. */
  readonly id: string;
  /** For people: the folder, or the address of the bucket. */
  readonly place: string;
}

/** File or object beside the checkpoints that holds the id. */
const NAME = '.caissa-store';

/** Where it cannot be written it may still be read. */
const UNWRITABLE = new Set<unknown>(['EROFS', 'EACCES', 'EPERM']);

/** Without hard links an empty file is seen for a moment. */
const ATTEMPTS = 10;
const PAUSE_MS = 50;

/**
 * The identity of the store of checkpoints that the settings name, given to it now if it has none; undefined for one that has
 * none and cannot be written. @throws AppError STORE_UNAVAILABLE; the system's error
 */
export async function identifyStore(
  settings: ObjectStoreSettings,
  dataDir: string,
): Promise<StoreIdentity | undefined> {
  const objects = await openObjectStore(settings);
  if (objects === undefined) return identifyFolder(join(dataDir, 'models'));
  try {
    const key = `models/${NAME}`;
    // A store that is only read has one, and one that ignores the condition must not get another with each start.
    const known = await objects.getText(key);
    if (known === undefined) await objects.put(key, randomUUID(), { onlyIfAbsent: true });
    const id = known ?? (await objects.getText(key));
    return id === undefined ? undefined : { id: id.trim(), place: objects.addressOf('models/') };
  } finally {
    objects.close();
  }
}

/** The identity of a folder of checkpoints; as {@link identifyStore}. */
export async function identifyFolder(folder: string): Promise<StoreIdentity | undefined> {
  const path = join(folder, NAME);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const id = await readFile(path, 'utf8').catch(() => undefined);
    if (id?.trim()) return { id: id.trim(), place: folder };
    if (id === undefined && !(await create(path, folder))) return undefined;
    if (id !== undefined) await delay(PAUSE_MS);
  }
  return undefined;
}

/** Writes a new id unless there is one; false where nothing can be written. */
async function create(path: string, folder: string): Promise<boolean> {
  const draft = temporaryPath(folder);
  try {
    await writeFile(draft, `${randomUUID()}\n`, { flush: true });
    await nameFile(draft, path, { replace: false });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    await rm(draft, { force: true }).catch(() => undefined);
    if (code === 'EEXIST') return true;
    if (UNWRITABLE.has(code)) return false;
    throw error;
  }
}
