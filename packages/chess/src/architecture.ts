import type { Tensor } from '@caissa/tensor';

/** The sizes that tell one network of the family from another. */
export interface Architecture {
  /** Feature maps of the trunk. */
  readonly channels: number;
  /** Residual blocks. */
  readonly blocks: number;
  /** Input planes of 8×8. */
  readonly planes: number;
  readonly policyPlanes: number;
  readonly valuePlanes: number;
  /** Hidden units of the value head. */
  readonly valueHidden: number;
  /** Moves that the policy head scores. */
  readonly policySize: number;
}

/** The architecture found in a state dict. */
export interface FoundArchitecture extends Architecture {
  /** Learned numbers, as `sum(p.numel() for p in model.parameters())` counts them: without running statistics. */
  readonly parameters: number;
  /** Added to the running variance by every batch norm, where the checkpoint says so; else PyTorch's default. */
  readonly batchNormEpsilon?: number;
}

/** The tensors of one network, checked against its architecture. */
export interface NetworkTensors {
  readonly architecture: FoundArchitecture;
  /** Canonical name (without prefix, and wrappers inside) → tensor, in the order PyTorch's `state_dict()` has. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Canonical name → name in the file, in the same order. */
  readonly namesInFile: ReadonlyMap<string, string>;
  /** What stands before each name in the file, such as `module.`; often empty. */
  readonly prefix: string;
  /** Names in the file of tensors that are no part of the network, such as a loss function's. */
  readonly leftOut: readonly string[];
}

/** Squares of the board: every plane has this many elements. */
export const SQUARES = 64;

/** Added to the running variance by every batch norm of a network that declares nothing else (PyTorch's default). */
export const BATCH_NORM_EPSILON = 1e-5;

/** What a slot holds: `count` is `num_batches_tracked`, the only one that is not made of real numbers. */
type SlotKind = 'weight' | 'bias' | 'normWeight' | 'normBias' | 'runningMean' | 'runningVar' | 'count';

/** One place in the state dict of the family. */
export interface Slot {
  readonly name: string;
  readonly kind: SlotKind;
  readonly shape: readonly number[];
  /** Whether a checkpoint may leave it out: biases of layers that are not norms (bias=False), and counters (before PyTorch 0.4.1). */
  readonly optional: boolean;
}

/** A convolution, its kernel `[out, in, size, size]`, and the batch norm after it. */
export interface ConvLayer {
  readonly conv: string;
  readonly norm: string;
  readonly outChannels: number;
  readonly inChannels: number;
  readonly kernelSize: 1 | 3;
}

/** A fully connected layer with weight `[out, in]`. */
export interface LinearLayer {
  readonly name: string;
  readonly outFeatures: number;
  readonly inFeatures: number;
}

/** The layers of a network by their role; `blocks[i]` holds the two convolutions of block i. */
export interface Layers {
  readonly input: ConvLayer;
  readonly blocks: readonly (readonly [ConvLayer, ConvLayer])[];
  readonly policyConv: ConvLayer;
  readonly policyFc: LinearLayer;
  readonly valueConv: ConvLayer;
  readonly valueFc1: LinearLayer;
  readonly valueFc2: LinearLayer;
}

/** The layers of an architecture, named as in its state dict. */
export function layersOf(architecture: Architecture): Layers {
  const { channels, planes, policyPlanes, valuePlanes, valueHidden, policySize } = architecture;
  return {
    input: conv('conv_input', 'bn_input', channels, planes, 3),
    blocks: Array.from({ length: architecture.blocks }, (_, block) => [
      conv(`res_blocks.${block}.conv1`, `res_blocks.${block}.bn1`, channels, channels, 3),
      conv(`res_blocks.${block}.conv2`, `res_blocks.${block}.bn2`, channels, channels, 3),
    ]),
    policyConv: conv('policy_conv', 'policy_bn', policyPlanes, channels, 1),
    policyFc: { name: 'policy_fc', outFeatures: policySize, inFeatures: policyPlanes * SQUARES },
    valueConv: conv('value_conv', 'value_bn', valuePlanes, channels, 1),
    valueFc1: { name: 'value_fc1', outFeatures: valueHidden, inFeatures: valuePlanes * SQUARES },
    valueFc2: { name: 'value_fc2', outFeatures: 1, inFeatures: valueHidden },
  };
}

/** Every tensor a state dict of this architecture holds, in PyTorch's order. */
export function slotsOf(architecture: Architecture): Slot[] {
  const layers = layersOf(architecture);
  return [
    ...convSlots(layers.input),
    ...layers.blocks.flatMap((block) => block.flatMap(convSlots)),
    ...convSlots(layers.policyConv),
    ...linearSlots(layers.policyFc),
    ...convSlots(layers.valueConv),
    ...linearSlots(layers.valueFc1),
    ...linearSlots(layers.valueFc2),
  ];
}

function conv(name: string, norm: string, outChannels: number, inChannels: number, kernelSize: 1 | 3): ConvLayer {
  return { conv: name, norm, outChannels, inChannels, kernelSize };
}

function convSlots({ conv, norm, outChannels, inChannels, kernelSize }: ConvLayer): Slot[] {
  const perChannel = [outChannels];
  return [
    slot(`${conv}.weight`, 'weight', [outChannels, inChannels, kernelSize, kernelSize]),
    slot(`${conv}.bias`, 'bias', perChannel, true),
    slot(`${norm}.weight`, 'normWeight', perChannel),
    slot(`${norm}.bias`, 'normBias', perChannel),
    slot(`${norm}.running_mean`, 'runningMean', perChannel),
    slot(`${norm}.running_var`, 'runningVar', perChannel),
    slot(`${norm}.num_batches_tracked`, 'count', [], true),
  ];
}

function linearSlots({ name, outFeatures, inFeatures }: LinearLayer): Slot[] {
  return [
    slot(`${name}.weight`, 'weight', [outFeatures, inFeatures]),
    slot(`${name}.bias`, 'bias', [outFeatures], true),
  ];
}

function slot(name: string, kind: SlotKind, shape: readonly number[], optional = false): Slot {
  return { name, kind, shape, optional };
}
