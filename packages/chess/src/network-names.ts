import type { StateDict, Tensor } from '@caissa/tensor';

/**
 * Modules that PyTorch and what builds on it put around a module of the user. Each is one segment of every name inside
 * it, wherever it stands, and means nothing.
 */
const WRAPPERS = [
  'module', // DataParallel, DistributedDataParallel, AveragedModel; DeepSpeed's engine
  '_orig_mod', // torch.compile
  '_fsdp_wrapped_module', // FullyShardedDataParallel
  '_fpw_module', // FlattenParamsWrapper, in PyTorch before 1.13 and in FairScale
  '_checkpoint_wrapped_module', // checkpoint_wrapper, offload_wrapper
  '_dmp_wrapped_module', // TorchRec's DistributedModelParallel
  '_forward_module', // Lightning's Fabric and strategies
  '_original_module', // Lightning's Fabric
  '_module', // Opacus' GradSampleModule
];

const WRAPPER_SEGMENTS = new RegExp(`(?<![^.])(?:${WRAPPERS.join('|')})\\.`, 'g');

/** The tensor whose name, after any prefix, gives the family away. */
export const FIRST_TENSOR = 'conv_input.weight';

const FIRST_LAYER = 'conv_input.';

/** So many networks are told apart in one state dict; no training keeps more of them there. */
const MAX_NETWORKS = 64;

/** Where a network stands among the names of a state dict. */
export interface NetworkPlace {
  /** What stands before its names, without wrappers: `model.`; often empty. */
  readonly prefix: string;
  /** The same as in the file, where wrappers around the whole network are part of it: `model.module.`. */
  readonly prefixInFile: string;
}

/** Returns a tensor's name without the segments of wrappers. */
export function plainName(name: string): string {
  return name.replace(WRAPPER_SEGMENTS, '');
}

/** Returns what the network with this prefix in the file calls a module, itself with an empty path; undefined for others. */
export function modulePath(path: string, prefixInFile: string): string | undefined {
  const ownNames = path === '' ? '' : `${path}.`;
  if (!ownNames.startsWith(prefixInFile)) return undefined;
  return plainName(ownNames.slice(prefixInFile.length)).replace(/\.$/, '');
}

/** Returns the places where a state dict holds networks of the family, in its order. */
export function findNetworks(names: Iterable<string>): NetworkPlace[] {
  const places = new Map<string, NetworkPlace>();
  for (const name of names) {
    const plain = name.includes(FIRST_LAYER) ? plainName(name) : '';
    if (plain !== FIRST_TENSOR && !plain.endsWith(`.${FIRST_TENSOR}`)) continue;
    const prefix = plain.slice(0, -FIRST_TENSOR.length);
    const prefixInFile = name.slice(0, name.lastIndexOf(FIRST_LAYER));
    if (!places.has(prefix)) places.set(prefix, { prefix, prefixInFile });
    if (places.size === MAX_NETWORKS) break;
  }
  return [...places.values()];
}

/** Returns the networks that one state dict holds, by prefix, each with all that belongs to none of the others. */
export function splitNetworks(stateDict: StateDict): ReadonlyMap<string, StateDict> {
  const places = findNetworks(stateDict.keys());
  if (places.length < 2) return new Map(places.map(({ prefix }) => [prefix, stateDict]));
  const parts = new Map(places.map(({ prefix }) => [prefix, new Map<string, Tensor>()]));
  // The longest first: a network may stand inside another's prefix.
  const prefixes = [...parts.keys()].sort((one, other) => other.length - one.length);
  for (const [name, tensor] of stateDict) {
    const plain = plainName(name);
    const owner = prefixes.find((prefix) => plain.startsWith(prefix));
    for (const [prefix, part] of parts) if (owner === undefined || owner === prefix) part.set(name, tensor);
  }
  return parts;
}
