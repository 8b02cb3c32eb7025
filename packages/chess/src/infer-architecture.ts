import { FormatError, quoteName } from '@caissa/bytes';
import { shapeText } from '@caissa/graph';
import { elementCount, isFloatingPoint, type StateDict, type Tensor } from '@caissa/tensor';
import { type NetworkTensors, type Slot, slotsOf } from './architecture.js';
import { matchNames } from './match-names.js';
import { FIRST_TENSOR, findNetworks, type NetworkPlace } from './network-names.js';
import { readSizes } from './read-sizes.js';
import { kindReason, shardReason } from './weight-kinds.js';

/** Layers that networks of the family have, as a message names them. */
const FAMILY = 'conv_input, res_blocks.0.conv1, policy_fc and so on';

const MAX_LISTED = 3;

/**
 * Recognises the network in a state dict, whatever prefix all its names share, whatever wrappers stand in them, whatever
 * real dtype its tensors have, with or without biases of convolutions and linear layers and `num_batches_tracked`, and
 * checks every tensor's name, shape and dtype. What stands outside the prefix, and counters known by name, are left out.
 * @throws FormatError ARCHITECTURE_UNKNOWN if these are not the tensors of an AlphaZero chess network
 * @throws FormatError ARCHITECTURE_MISMATCH if they are, but one is missing, too many, or has the wrong shape or dtype
 */
export function inferArchitecture(stateDict: StateDict): NetworkTensors {
  const place = onlyNetwork(stateDict);
  const { blocks, found, leftOut } = matchNames(stateDict, place);
  const tensors = new Map([...found].map(([name, { tensor }]) => [name, tensor]));
  const architecture = { ...readSizes(tensors), blocks };
  let parameters = 0;
  for (const slot of slotsOf(architecture)) {
    const tensor = tensors.get(slot.name);
    if (tensor === undefined) continue;
    checkTensor(slot, tensor);
    if (isLearned(slot)) parameters += elementCount(slot.shape);
  }
  return {
    architecture: { ...architecture, parameters },
    tensors,
    namesInFile: new Map([...found].map(([name, { nameInFile }]) => [name, nameInFile])),
    prefix: place.prefixInFile,
    leftOut,
  };
}

function onlyNetwork(stateDict: StateDict): NetworkPlace {
  const [place, second] = findNetworks(stateDict.keys());
  if (place === undefined) throw unknown(foreignReason([...stateDict.keys()]));
  if (second !== undefined) {
    throw unknown(
      `The state dict holds more than one network (${quoteName(place.prefix)} and ${quoteName(second.prefix)}); save the state dict of one.`,
    );
  }
  return place;
}

function foreignReason(names: readonly string[]): string {
  const reason = kindReason(names);
  if (reason !== undefined) return reason;
  const listed = names.slice(0, MAX_LISTED).map(quoteName).join(', ');
  const such = listed === '' ? '' : ` (${listed}${names.length > MAX_LISTED ? ', …' : ''})`;
  return (
    `The state dict of ${names.length} tensors${such} has no ${FIRST_TENSOR}, so it is not an AlphaZero chess network; ` +
    `the names that its model.state_dict() has are expected: ${FAMILY}.`
  );
}

function isLearned({ kind }: Slot): boolean {
  return kind !== 'runningMean' && kind !== 'runningVar' && kind !== 'count';
}

function checkTensor({ name, shape, kind }: Slot, tensor: Tensor): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
    throw mismatch(
      (shape.length > 1 ? shardReason(name, tensor.shape) : undefined) ??
        `${name} has shape ${shapeText(tensor.shape)}, and ${shapeText(shape)} is expected.`,
    );
  }
  if (kind !== 'count' && !isFloatingPoint(tensor.dtype)) {
    throw mismatch(`${name} has dtype ${tensor.dtype}, and a floating-point one is expected.`);
  }
}

function unknown(message: string): FormatError {
  return new FormatError('ARCHITECTURE_UNKNOWN', message);
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
