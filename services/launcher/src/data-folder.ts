import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SetupError } from './setup-error.js';

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Folders of starts that were interrupted while they wrote. */
async function removeUnfinished(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Fills the model folder with sample models when it does not exist, and gives their number. The folder appears whole or
 * not at all: an interrupted start leaves none that would pass for the user's own at the next.
 * @throws SetupError if the disk is full
 */
export async function provideModels(
  modelsFolder: string,
  writeSampleModels: (folder: string) => Promise<string[]>,
): Promise<number> {
  if (await exists(modelsFolder)) return 0;
  const parent = dirname(modelsFolder);
  const prefix = `.${basename(modelsFolder)}-`;
  await removeUnfinished(parent, prefix);
  const unfinished = join(parent, `${prefix}${process.pid}`);
  await mkdir(unfinished);
  try {
    const files = await writeSampleModels(unfinished);
    await rename(unfinished, modelsFolder);
    return files.length;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    throw new SetupError(`The disk of ${parent} is too full for the sample models: make room, or set DATA_DIR.`);
  }
}
