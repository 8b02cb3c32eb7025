import type { ByteSource } from '@caissa/bytes';
import { buildGraph, checkDeclared, checkInterface, inferArchitecture, type NetworkTensors } from '@caissa/chess';
import type { Graph } from '@caissa/graph';
import { type CheckpointFile, type PyDict, readCheckpoint } from '@caissa/pytorch';
import { findStateDict } from './find-state-dict.js';

/** A checkpoint whose structure has been read and checked; its weights have not been looked at. */
export interface Checkpoint {
  readonly file: CheckpointFile;
  readonly network: NetworkTensors;
  /** What the network computes. */
  readonly graph: Graph;
  /** The entry `metadata`, with Python's own values; empty if there is none. */
  readonly metadata: PyDict;
  /** The state dict's `_metadata`, by module path, with the names of the file. */
  readonly moduleVersions: PyDict | undefined;
}

/**
 * Opens a checkpoint: finds its state dict, recognises the network in it and compares that with what the checkpoint
 * declares and with what the system is made for. The source must stay open while the checkpoint is in use.
 * @throws FormatError all that `readCheckpoint` and `inferArchitecture` throw
 */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  const file = await readCheckpoint(source);
  const { tensors, moduleVersions, metadata, declared } = findStateDict(file.root);
  const network = inferArchitecture(tensors);
  checkDeclared(network.architecture, declared);
  checkInterface(network.architecture);
  return { file, network, graph: buildGraph(network), metadata, moduleVersions };
}
