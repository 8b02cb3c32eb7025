import { checkFinite } from '@caissa/graph';
import { verifyStorages } from '@caissa/pytorch';
import type { Storage } from '@caissa/tensor';
import type { Checkpoint } from './open-checkpoint.js';

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
  const storages = storagesOf(checkpoint);
  // Once for the checksums and once for the numbers.
  const totalBytes = 2 * [...storages].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let readBytes = 0;
  const onRead = (bytes: number): void => {
    readBytes += bytes;
    // Numbers are counted as float32: those of a smaller type come to more than the file has.
    onProgress?.(Math.min(1, readBytes / totalBytes));
  };
  await verifyStorages(storages, signal, onRead);
  await checkFinite(checkpoint.graph, signal, onRead);
}

/** The storages that the network's tensors use, each once: not those of an optimizer. */
export function storagesOf(checkpoint: Checkpoint): Set<Storage> {
  return new Set([...checkpoint.network.tensors.values()].map(({ storage }) => storage));
}
