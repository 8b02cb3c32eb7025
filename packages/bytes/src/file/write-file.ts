import { dirname } from 'node:path';
import type { ByteSink } from '../byte-io.js';
import { FileDraft } from './file-draft.js';

/**
 * Writes a file that appears whole or not at all, also after a loss of power, and takes the place of one that is there.
 * What `write` throws is thrown on, and nothing is left.
 */
export async function writeFileWhole<T>(path: string, write: (sink: ByteSink) => Promise<T>): Promise<T> {
  const draft = await FileDraft.create(dirname(path));
  try {
    const result = await write(draft);
    await draft.publish(path, { replace: true });
    return result;
  } catch (error) {
    await draft.discard();
    throw error;
  }
}
