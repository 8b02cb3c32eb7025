import { FormatError, quoteName } from '@caissa/bytes';
import { shapeText } from '@caissa/graph';
import { elementCount, isFloatingPoint, type StateDict, type Tensor } from '@caissa/tensor';
import { type Architecture, type NetworkTensors, type Slot, slotsOf } from './architecture.js';

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

/** The tensor whose name, after any prefix, gives the family away. */
const FIRST_TENSOR = 'conv_input.weight';

const BLOCK_NAME = /^res_blocks\.(0|[1-9]\d*)\./;

/** Which size to read from which axis of which tensor. */
const SIZE_SOURCES: readonly (readonly [size: Exclude<keyof Architecture, 'blocks'>, tensor: string, axis: number])[] =
  [
    ['channels', FIRST_TENSOR, 0],
    ['planes', FIRST_TENSOR, 1],
    ['policyPlanes', 'policy_conv.weight', 0],
    ['policySize', 'policy_fc.weight', 0],
    ['valuePlanes', 'value_conv.weight', 0],
    ['valueHidden', 'value_fc1.weight', 0],
  ];

/**
 * Recognises the network in a state dict, whatever prefix all its names share, whatever real dtype its tensors have,
 * with or without convolution biases and `num_batches_tracked`, and checks every tensor's name, shape and dtype.
 * @throws FormatError ARCHITECTURE_UNKNOWN if these are not the tensors of an AlphaZero chess network
 * @throws FormatError ARCHITECTURE_MISMATCH if they are, but one is missing, too many, or has the wrong shape or dtype
 */
export function inferArchitecture(stateDict: StateDict): NetworkTensors {
  const prefix = findPrefix(stateDict);
  const named = withoutPrefix(stateDict, prefix);
  const sizes = readSizes(named);
  const architecture: Architecture = { ...sizes, blocks: countBlocks(named) };
  const slots = slotsOf(architecture);
  const tensors = new Map<string, Tensor>();
  for (const slot of slots) {
    const tensor = named.get(slot.name);
    if (tensor !== undefined) tensors.set(slot.name, checkTensor(slot, tensor));
    else if (!slot.optional) throw mismatch(`The checkpoint has no tensor ${slot.name}, which this network needs.`);
  }
  for (const name of named.keys()) {
    if (!tensors.has(name)) throw extra(prefix + name);
  }
  const learned = slots.filter(({ kind }) => kind !== 'runningMean' && kind !== 'runningVar' && kind !== 'count');
  const parameters = learned.reduce((sum, { name, shape }) => sum + (tensors.has(name) ? elementCount(shape) : 0), 0);
  return { architecture: { ...architecture, parameters }, tensors, prefix };
}

function findPrefix(stateDict: StateDict): string {
  const prefixes: string[] = [];
  for (const name of stateDict.keys()) {
    if (name === FIRST_TENSOR || name.endsWith(`.${FIRST_TENSOR}`)) prefixes.push(name.slice(0, -FIRST_TENSOR.length));
  }
  const [prefix, second] = prefixes;
  if (prefix === undefined) {
    throw unknown(
      `The state dict of ${stateDict.size} tensors has no ${FIRST_TENSOR}, so it is not an AlphaZero chess network.`,
    );
  }
  if (second !== undefined) {
    throw unknown(
      `The state dict holds more than one network (${quoteName(prefix)} and ${quoteName(second)}); save the state dict of one.`,
    );
  }
  return prefix;
}

function withoutPrefix(stateDict: StateDict, prefix: string): Map<string, Tensor> {
  const named = new Map<string, Tensor>();
  for (const [name, tensor] of stateDict) {
    if (!name.startsWith(prefix)) throw extra(name);
    named.set(name.slice(prefix.length), tensor);
  }
  return named;
}

function readSizes(named: ReadonlyMap<string, Tensor>): Omit<Architecture, 'blocks'> {
  const sizes = { channels: 0, planes: 0, policyPlanes: 0, policySize: 0, valuePlanes: 0, valueHidden: 0 };
  for (const [key, name, axis] of SIZE_SOURCES) {
    const tensor = named.get(name);
    if (tensor === undefined) {
      throw unknown(`The checkpoint has no tensor ${name}, so it is not an AlphaZero chess network.`);
    }
    const size = tensor.shape[axis];
    if (size === undefined || size < 1 || size > LIMITS[key]) {
      throw unknown(
        `${name} has shape ${shapeText(tensor.shape)}; its axis ${axis} should be a size from 1 to ${LIMITS[key]}.`,
      );
    }
    sizes[key] = size;
  }
  return sizes;
}

function countBlocks(named: ReadonlyMap<string, Tensor>): number {
  let blocks = 0;
  for (const name of named.keys()) {
    const index = BLOCK_NAME.exec(name)?.[1];
    if (index === undefined) continue;
    blocks = Math.max(blocks, Number(index) + 1);
    if (blocks > LIMITS.blocks) {
      throw unknown(`${quoteName(name)} would make this a network of more than ${LIMITS.blocks} residual blocks.`);
    }
  }
  return blocks;
}

function checkTensor(slot: Slot, tensor: Tensor): Tensor {
  const { name, shape, kind } = slot;
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
    throw mismatch(`${name} has shape ${shapeText(tensor.shape)}, and ${shapeText(shape)} is expected.`);
  }
  if (kind !== 'count' && !isFloatingPoint(tensor.dtype)) {
    throw mismatch(`${name} has dtype ${tensor.dtype}, and a floating-point one is expected.`);
  }
  return tensor;
}

function extra(name: string): FormatError {
  return mismatch(`The checkpoint holds a tensor ${quoteName(name)}, which has no place in this network.`);
}

function unknown(message: string): FormatError {
  return new FormatError('ARCHITECTURE_UNKNOWN', message);
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
