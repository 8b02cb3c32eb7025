import { BATCH_NORM_EPSILON, type NetworkTensors } from './architecture.js';
import type { ConvLayer } from './layout.js';
import { readFinite, readFiniteChunks, refuseNegativeVariance, refuseNonFinite, tensorNamed } from './read-weights.js';

/** What a batch norm in evaluation does to channel c: `x · scale[c] + shift[c]`. */
export interface NormFactors {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * Reads a batch norm's four tensors.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function readNorm(network: NetworkTensors, norm: string): Promise<NormFactors> {
  const weight = await readFinite(network, `${norm}.weight`);
  const bias = await readFinite(network, `${norm}.bias`);
  const mean = await readFinite(network, `${norm}.running_mean`);
  const variance = await readFinite(network, `${norm}.running_var`);
  refuseNegativeVariance(`${norm}.running_var`, variance);
  const scale = Float64Array.from(weight, (factor, c) => factor / Math.sqrt((variance[c] ?? 0) + BATCH_NORM_EPSILON));
  const shift = Float64Array.from(bias, (value, c) => value - (mean[c] ?? 0) * (scale[c] ?? 0));
  return { scale, shift };
}

/**
 * The weight `[out, in, k, k]` of a convolution that does its batch norm's work too, in float32 pieces: computed in
 * double precision and rounded once.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function* foldedWeightChunks(network: NetworkTensors, layer: ConvLayer): AsyncGenerator<Float32Array> {
  const { scale } = await readNorm(network, layer.norm);
  const name = `${layer.conv}.weight`;
  const tensor = tensorNamed(network, name);
  const perChannel = layer.inChannels * layer.kernelSize ** 2;
  let element = 0;
  for await (const chunk of readFiniteChunks(name, tensor)) {
    const folded = new Float32Array(chunk.length);
    let at = 0;
    while (at < chunk.length) {
      const channel = Math.floor((element + at) / perChannel);
      const end = Math.min(chunk.length, (channel + 1) * perChannel - element);
      const factor = scale[channel] ?? 0;
      for (; at < end; at++) folded[at] = (chunk[at] ?? 0) * factor;
    }
    refuseNonFinite(`${name} with ${layer.norm} folded in`, tensor.shape, folded, element);
    element += chunk.length;
    yield folded;
  }
}

/**
 * The bias `[out]` of a convolution that does its batch norm's work too, computed in double precision.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function foldedBias(network: NetworkTensors, layer: ConvLayer): Promise<Float32Array> {
  const { scale, shift } = await readNorm(network, layer.norm);
  const name = `${layer.conv}.bias`;
  const bias = network.tensors.has(name) ? await readFinite(network, name) : new Float32Array(layer.outChannels);
  const folded = Float32Array.from(bias, (value, c) => value * (scale[c] ?? 0) + (shift[c] ?? 0));
  refuseNonFinite(`${name} with ${layer.norm} folded in`, [layer.outChannels], folded, 0);
  return folded;
}
