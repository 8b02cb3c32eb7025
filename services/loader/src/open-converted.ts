import { VerificationError } from '@caissa/conversion';
import type { Session } from '@caissa/session';
import type { ConvertedModels } from './converted-models.js';
import { openModel } from './open-model.js';

/**
 * Opens the converted model of a checkpoint, converting it first if there is none. One that lay there and does not work
 * was damaged on the disk, and is made anew once.
 * @throws as `convert` and {@link openModel} do
 */
export async function openConverted(
  converted: ConvertedModels,
  sha256: string,
  convert: () => Promise<string>,
  signal: AbortSignal,
  intraOpThreads?: number,
): Promise<Session> {
  const found = await converted.find(sha256);
  if (found !== undefined) {
    try {
      return await openModel(found, signal, intraOpThreads);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      await converted.discard(sha256);
    }
  }
  return openModel(await convert(), signal, intraOpThreads);
}
