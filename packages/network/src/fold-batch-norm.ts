import { BATCH_NORM_EPSILON, type NetworkTensors } from './architecture.js';
import type { ConvLayer } from './layout.js';
import {
  readAllFinite,
  readFiniteChunks,
  refuseNegativeVariance,
  refuseNonFinite,
  tensorNamed,
} from './read-weights.js';

/** What a convolution needs to do the work of the batch norm after it. */
export interface Fold {
  /** Factor for the weights of each output channel, in double precision. */
  readonly scale: Float64Array;
  /** The bias `[out]` that takes the place of the convolution's own, rounded once. */
  readonly bias: Float32Array;
}

/**
 * Reads the batch norms and biases of convolutions and answers their folds by the convolutions' names. All are read
 * at once: they are small, and one after the other they would take as long as the weights.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function readFolds(
  network: NetworkTensors,
  layers: readonly ConvLayer[],
): Promise<ReadonlyMap<string, Fold>> {
  const names = layers.flatMap(({ conv, norm }) => [`${conv}.bias`, ...Object.values(normNames(norm))]);
  const values = await readAllFinite(
    network,
    names.filter((name) => network.tensors.has(name)),
  );
  return new Map(layers.map((layer) => [layer.conv, foldOf(layer, values)]));
}

function foldOf(layer: ConvLayer, values: ReadonlyMap<string, Float32Array>): Fold {
  const names = normNames(layer.norm);
  const scale = new Float64Array(layer.outChannels);
  const bias = new Float32Array(layer.outChannels);
  const zeros = new Float32Array(layer.outChannels);
  const named = (name: string): Float32Array => values.get(name) ?? zeros;
  const [own, variances] = [named(`${layer.conv}.bias`), named(names.variance)];
  const [weights, means, shifts] = [named(names.weight), named(names.mean), named(names.bias)];
  refuseNegativeVariance(names.variance, variances);
  for (let c = 0; c < layer.outChannels; c++) {
    const factor = (weights[c] ?? 0) / Math.sqrt((variances[c] ?? 0) + BATCH_NORM_EPSILON);
    scale[c] = factor;
    bias[c] = ((own[c] ?? 0) - (means[c] ?? 0)) * factor + (shifts[c] ?? 0);
  }
  refuseNonFinite(`${layer.conv}.bias with ${layer.norm} folded in`, [layer.outChannels], bias, 0);
  return { scale, bias };
}

function normNames(norm: string) {
  return {
    weight: `${norm}.weight`,
    bias: `${norm}.bias`,
    mean: `${norm}.running_mean`,
    variance: `${norm}.running_var`,
  };
}

/**
 * The weight `[out, in, k, k]` of a convolution that does its batch norm's work too, in float32 pieces, each valid
 * until the next one is asked for: computed in double precision and rounded once.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function* foldedWeightChunks(
  network: NetworkTensors,
  layer: ConvLayer,
  { scale }: Fold,
): AsyncGenerator<Float32Array> {
  const name = `${layer.conv}.weight`;
  const tensor = tensorNamed(network, name);
  const perChannel = layer.inChannels * layer.kernelSize ** 2;
  let element = 0;
  for await (const chunk of readFiniteChunks(name, tensor)) {
    scaleChannels(chunk, element, perChannel, scale);
    refuseNonFinite(`${name} with ${layer.norm} folded in`, tensor.shape, chunk, element);
    element += chunk.length;
    yield chunk;
  }
}

/** Products from here on round to infinity as float32: halfway between the largest number and what would follow it. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;

/**
 * As {@link foldedWeightChunks} for weights that `checkFinite` has found sound, float32 and in place: changes the piece
 * `bytes` of them, whole elements, that starts at byte `fromByte` of the tensor. A view reads them from wherever they
 * stand in a file; copying shared memory to where they are aligned and back takes twice as long as all of this.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export function foldIntoWeights(
  network: NetworkTensors,
  layer: ConvLayer,
  { scale }: Fold,
  bytes: Uint8Array,
  fromByte: number,
): void {
  const channelBytes = layer.inChannels * layer.kernelSize ** 2 * 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const channel = Math.floor((fromByte + at) / channelBytes);
    const end = Math.min(bytes.length, (channel + 1) * channelBytes - fromByte);
    const overflowAt = scaleInPlace(view, at, end, scale[channel] ?? 0);
    if (overflowAt >= 0) {
      const name = `${layer.conv}.weight`;
      const found = Float32Array.of(view.getFloat32(overflowAt, true));
      const element = (fromByte + overflowAt) / 4;
      refuseNonFinite(`${name} with ${layer.norm} folded in`, tensorNamed(network, name).shape, found, element);
    }
    at = end;
  }
}

/** Multiplies the float32 numbers from `start` to `end`; where the first is that became infinite or NaN, or −1. */
function scaleInPlace(view: DataView, start: number, end: number, factor: number): number {
  let overflowAt = -1;
  for (let at = start; at < end; at += 4) {
    const product = view.getFloat32(at, true) * factor;
    view.setFloat32(at, product, true);
    // Not `>=`: NaN must be found too.
    if (overflowAt < 0 && !(Math.abs(product) < FLOAT32_OVERFLOW)) overflowAt = at;
  }
  return overflowAt;
}

/** Multiplies each output channel of a piece of weights, which starts at `element`, by its factor. */
function scaleChannels(chunk: Float32Array, element: number, perChannel: number, scale: Float64Array): void {
  let at = 0;
  while (at < chunk.length) {
    const channel = Math.floor((element + at) / perChannel);
    const end = Math.min(chunk.length, (channel + 1) * perChannel - element);
    const factor = scale[channel] ?? 0;
    for (; at < end; at++) chunk[at] = (chunk[at] ?? 0) * factor;
  }
}
