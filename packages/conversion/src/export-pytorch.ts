import type { ByteSink } from '@caissa/bytes';
import { modulePath } from '@caissa/chess';
import type { JsonObject } from '@caissa/formats';
import { checkFinite, checkVariances } from '@caissa/graph';
import { fromJson, OrderedDict, PyDict, writeCheckpoint } from '@caissa/pytorch';
import { architectureEntry } from './architecture-entry.js';
import { declareEpsilon } from './batch-norm-epsilon.js';
import { FiniteTap } from './finite-tap.js';
import type { Checkpoint } from './open-checkpoint.js';
import { portableValue } from './portable-value.js';
import { PythonValues } from './read-pytorch.js';

/** What an export may rely on, and how it is watched and stopped. */
export interface ExportControl {
  /** Whether {@link checkWeights} has passed on this very file, so that its weights need not be looked at again. */
  readonly weightsChecked?: boolean;
  onProgress?(bytesWritten: number, totalBytes: number): void;
  readonly signal?: AbortSignal;
}

/** Choices of {@link exportPytorch}. */
export interface ExportPytorchOptions extends ExportControl {
  /** Entries that are added to the checkpoint's own metadata, or take their place. */
  readonly metadata: JsonObject;
}

/**
 * Writes a checkpoint of the plain network: `model_state_dict` with the names its `load_state_dict(strict=True)` takes,
 * `metadata` and `architecture` as the safe loader of every PyTorch takes them, and nothing else that the source may hold. Elements stay as they are, bit by bit.
 * @throws FormatError NON_FINITE_WEIGHTS, ZIP_CRC, ZIP_TRUNCATED; the signal's reason
 */
export async function exportPytorch(
  checkpoint: Checkpoint,
  sink: ByteSink,
  options: ExportPytorchOptions,
): Promise<{ sizeBytes: number }> {
  const { metadata, weightsChecked = false, ...control } = options;
  const { architecture } = checkpoint.network;
  const tap = weightsChecked ? undefined : new FiniteTap();
  if (tap) await checkVariances(checkpoint.graph);
  const kept = PythonValues.of(checkpoint);
  const carried = metadataOf(kept, metadata);
  const root: PyDict = new PyDict([
    ['model_state_dict', stateDictOf(checkpoint, kept, tap)],
    ['metadata', carried],
    ['architecture', declareEpsilon(architectureEntry(architecture, kept.architecture), carried, architecture)],
  ]);
  const written = await writeCheckpoint(sink, root, { ...control, storagesVerified: weightsChecked });
  if (tap?.isSuspicious) await checkFinite(checkpoint.graph, control.signal);
  return written;
}

function stateDictOf({ network }: Checkpoint, kept: PythonValues, tap: FiniteTap | undefined): OrderedDict {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of network.tensors) stateDict.set(name, tap?.tensor(tensor) ?? tensor);
  const versions = kept.moduleVersions;
  if (versions !== undefined) stateDict.attributes.set('_metadata', versionsInside(versions, network.prefix));
  return stateDict;
}

/** Entries of the modules inside the network; of wrappers around it the innermost counts, the network itself. */
function versionsInside(versions: PyDict, prefix: string): OrderedDict {
  const kept = new OrderedDict();
  for (const [path, version] of versions) {
    const inside = typeof path === 'string' ? modulePath(path, prefix) : undefined;
    if (inside !== undefined) kept.set(inside, portableValue(version));
  }
  return kept;
}

function metadataOf(kept: PythonValues, added: JsonObject): PyDict {
  const metadata = portableValue(kept.metadata) as PyDict;
  for (const [key, value] of Object.entries(added)) metadata.set(key, fromJson(value));
  return metadata;
}
