import { dirname } from 'node:path';
import { DraftFile } from './draft-file.js';
import { temporaryPath } from './name-file.js';

/**
 * Writes a file that appears whole or not at all, also after a loss of power, and takes the place of one that is there.
 * What `write` throws is thrown on, and nothing is left.
 */
export async function writeFileWhole<T>(path: string, write: (draft: DraftFile) => Promise<T>): Promise<T> {
  const draft = await DraftFile.create(temporaryPath(dirname(path)), { digested: false });
  try {
    const result = await write(draft);
    await draft.publish(path, { replace: true });
    return result;
  } catch (error) {
    // The reason is what went wrong first.
    await draft.abort().catch(() => undefined);
    throw error;
  }
}

/**
 * Writes a small file as {@link writeFileWhole} does. It appears only when `before` has been fulfilled, and not at all if
 * that is rejected.
 */
export async function writeFileDurably(
  path: string,
  text: string,
  before: Promise<void> = Promise.resolve(),
): Promise<void> {
  await writeFileWhole(path, async (draft) => {
    await draft.rewrite(Buffer.from(text));
    await draft.settle();
    await before;
  });
}
