import { FormatError, quoteName } from '@caissa/bytes';
import { shapeText } from '@caissa/graph';
import type { Tensor } from '@caissa/tensor';
import type { Architecture } from './architecture.js';
import { FIRST_TENSOR } from './network-names.js';
import { shardReason } from './weight-kinds.js';

/**
 * The most of each size that is believed. Far above any network that was ever trained, and low enough that naming
 * every tensor of the largest stays cheap.
 */
const LIMITS: Readonly<Record<keyof Architecture, number>> = {
  channels: 16_384,
  blocks: 1_000,
  planes: 16_384,
  policyPlanes: 16_384,
  valuePlanes: 16_384,
  valueHidden: 1_048_576,
  policySize: 1_048_576,
};

/** The sizes that shapes tell; how many blocks there are is told by names. */
type Sizes = Omit<Architecture, 'blocks'>;

/** The sizes of a network of which only names are known. */
export const NO_SIZES: Sizes = {
  channels: 0,
  planes: 0,
  policyPlanes: 0,
  policySize: 0,
  valuePlanes: 0,
  valueHidden: 0,
};

/** Which size to read from which axis of which tensor. */
const SIZE_SOURCES: readonly (readonly [size: keyof Sizes, tensor: string, axis: number])[] = [
  ['channels', FIRST_TENSOR, 0],
  ['planes', FIRST_TENSOR, 1],
  ['policyPlanes', 'policy_conv.weight', 0],
  ['policySize', 'policy_fc.weight', 0],
  ['valuePlanes', 'value_conv.weight', 0],
  ['valueHidden', 'value_fc1.weight', 0],
];

const BLOCK_NAME = /^res_blocks\.(0|[1-9]\d*)\./;

/** Tensors without which nothing is known of a network. */
export const SIZE_TENSORS: ReadonlySet<string> = new Set(SIZE_SOURCES.map(([, tensor]) => tensor));

/** Reads the sizes of a network from its tensors by name. @throws FormatError ARCHITECTURE_UNKNOWN */
export function readSizes(tensors: ReadonlyMap<string, Tensor>): Sizes {
  const sizes = { ...NO_SIZES };
  for (const [key, name, axis] of SIZE_SOURCES) {
    const shape = tensors.get(name)?.shape ?? [];
    const size = shape[axis];
    if (size === undefined || size < 1 || size > LIMITS[key]) {
      throw unknown(
        shardReason(name, shape) ??
          `${name} has shape ${shapeText(shape)}; its axis ${axis} should be a size from 1 to ${LIMITS[key]}.`,
      );
    }
    sizes[key] = size;
  }
  return sizes;
}

/** Counts the residual blocks that names speak of. @throws FormatError ARCHITECTURE_UNKNOWN if they are absurdly many */
export function countBlocks(names: Iterable<string>): number {
  let blocks = 0;
  for (const name of names) {
    const index = BLOCK_NAME.exec(name)?.[1];
    if (index === undefined) continue;
    blocks = Math.max(blocks, Number(index) + 1);
    if (blocks > LIMITS.blocks) {
      throw unknown(`${quoteName(name)} would make this a network of more than ${LIMITS.blocks} residual blocks.`);
    }
  }
  return blocks;
}

function unknown(message: string): FormatError {
  return new FormatError('ARCHITECTURE_UNKNOWN', message);
}
