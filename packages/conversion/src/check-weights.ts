import { checkFinite } from '@caissa/network';
import { verifyStorages } from '@caissa/pytorch';
import type { Storage } from '@caissa/tensor';
import type { Checkpoint } from './open-checkpoint.js';

/**
 * Reads all weights of the network once: they must have the checksums that the file states, and be finite.
 * @throws FormatError ZIP_CRC, ZIP_TRUNCATED, NON_FINITE_WEIGHTS; the signal's reason
 */
export async function checkWeights(checkpoint: Checkpoint, signal?: AbortSignal): Promise<void> {
  await verifyStorages(storagesOf(checkpoint), signal);
  await checkFinite(checkpoint.network, signal);
}

/** The storages that the network's tensors use, each once: not those of an optimizer. */
export function storagesOf(checkpoint: Checkpoint): Set<Storage> {
  return new Set([...checkpoint.network.tensors.values()].map(({ storage }) => storage));
}
