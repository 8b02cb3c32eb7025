import { type ByteSource, FormatError } from '@caissa/bytes';
import { buildGraph, checkDeclared, checkInterface, inferArchitecture, type NetworkTensors } from '@caissa/chess';
import type { Graph } from '@caissa/graph';
import type { Storage } from '@caissa/tensor';
import { boundWarnings } from './bound-warnings.js';
import { type FileContents, type ReadOptions, readContents, type WeightSet } from './readers.js';

/** A checkpoint of any format whose structure has been read and checked; its weights have not been looked at. */
export interface Checkpoint
  extends Pick<FileContents, 'metadata' | 'declared' | 'warnings'>,
    Pick<WeightSet, 'native'> {
  readonly network: NetworkTensors;
  /** What the network computes. */
  readonly graph: Graph;
  /**
   * Reads the weights through once and compares them with the checksums that the file states, if it states any.
   * @throws FormatError ZIP_CRC, ZIP_TRUNCATED; the signal's reason
   */
  verify(signal?: AbortSignal, onRead?: (bytes: number) => void): Promise<void>;
}

/**
 * Opens a checkpoint: recognises the network in it and compares that with what the checkpoint declares and with what the
 * system is made for. The source must stay open while the checkpoint is in use.
 * @throws FormatError all that the readers and `inferArchitecture` throw
 */
export async function openCheckpoint(source: ByteSource, options: ReadOptions = {}): Promise<Checkpoint> {
  return checkpointOf(await readContents(source, options));
}

/** The checkpoint that a file holds, by what was read of it. @throws FormatError ARCHITECTURE_MISMATCH and its like */
export function checkpointOf({ weights, declared, metadata, warnings, verify }: FileContents): Checkpoint {
  const [taken] = weights;
  if (taken === undefined) throw new FormatError('NOT_A_CHECKPOINT', 'The file holds no weights.');
  const network = inferArchitecture(taken.tensors);
  checkDeclared(network.architecture, declared);
  checkInterface(network.architecture);
  const verifyWeights: Checkpoint['verify'] = (signal, onRead) => verify(storagesOf(network), signal, onRead);
  const { native } = taken;
  return {
    ...{ network, graph: buildGraph(network), metadata, declared, native },
    warnings: boundWarnings(warnings),
    verify: verifyWeights,
  };
}

/** The storages that the network's tensors use, each once: not those of an optimizer. */
export function storagesOf({ tensors }: NetworkTensors): Set<Storage> {
  return new Set([...tensors.values()].map(({ storage }) => storage));
}
