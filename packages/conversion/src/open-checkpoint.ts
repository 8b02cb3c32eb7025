import { type ByteSource, FormatError } from '@caissa/bytes';
import { buildGraph, checkDeclared, type NetworkTensors, referenceGraph } from '@caissa/chess';
import type { Graph } from '@caissa/graph';
import type { Storage } from '@caissa/tensor';
import { withEpsilon } from './batch-norm-epsilon.js';
import { boundWarnings } from './bound-warnings.js';
import { chooseWeights } from './choose-weights.js';
import { type FileContents, type ReadOptions, readContents, type WeightSet } from './readers.js';

/** A checkpoint of any format whose structure has been read and checked; its weights have not been looked at. */
export interface Checkpoint
  extends Pick<FileContents, 'metadata' | 'declared' | 'warnings'>,
    Pick<WeightSet, 'native'> {
  readonly network: NetworkTensors;
  /** What the network computes. */
  readonly graph: Graph;
  /** The same from a source of its own, which exports are judged by. */
  readonly reference: Graph;
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
  return checkpointOf(await readContents(source, options), options);
}

/** The checkpoint that a file holds, by what was read of it. @throws FormatError ARCHITECTURE_MISMATCH and its like */
export function checkpointOf(contents: FileContents, options: ReadOptions = {}): Checkpoint {
  const { metadata, declared, verify } = contents;
  const chosen = chooseWeights(contents.weights, options.weights);
  const contradictions = checkDeclared(chosen.network.architecture, declared);
  const [contradiction] = contradictions;
  if (options.strictArchitecture && contradiction) throw new FormatError('ARCHITECTURE_MISMATCH', contradiction);
  const { network, warnings } = withEpsilon(chosen.network, contents);
  return {
    ...{ network, graph: buildGraph(network), reference: referenceGraph(network) },
    ...{ metadata, declared, native: chosen.set.native },
    warnings: boundWarnings([...contents.warnings, ...chosen.warnings, ...contradictions, ...warnings]),
    verify: (signal, onRead) => verify(storagesOf(network), signal, onRead),
  };
}

/** The storages that the network's tensors use, each once: not those of an optimizer. */
export function storagesOf({ tensors }: NetworkTensors): Set<Storage> {
  return new Set([...tensors.values()].map(({ storage }) => storage));
}
