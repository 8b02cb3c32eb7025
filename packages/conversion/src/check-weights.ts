import { checkFinite } from '@caissa/graph';
import { type Checkpoint, storagesOf } from './open-checkpoint.js';

/**
 * Reads all weights of the network once: they must have the checksums that the file states, and be finite.
 * @param onProgress told how much is done, 0 to 1
 * @throws FormatError ZIP_CRC, ZIP_TRUNCATED, NON_FINITE_WEIGHTS; the signal's reason
 */
export async function checkWeights(
  checkpoint: Checkpoint,
  signal?: AbortSignal,
  onProgress?: (share: number) => void,
): Promise<void> {
  // Once for the checksums and once for the numbers.
  const totalBytes = 2 * [...storagesOf(checkpoint.network)].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let readBytes = 0;
  const onRead = (bytes: number): void => {
    readBytes += bytes;
    // Numbers are counted as float32: those of a smaller type come to more than the file has.
    onProgress?.(Math.min(1, readBytes / totalBytes));
  };
  await checkpoint.verify(signal, onRead);
  await checkFinite(checkpoint.graph, signal, onRead);
}
