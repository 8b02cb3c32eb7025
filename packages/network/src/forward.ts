import { BATCH_NORM_EPSILON, type NetworkTensors, SQUARES } from './architecture.js';
import { convolve } from './convolve.js';
import { type ConvLayer, type LinearLayer, layersOf } from './layout.js';
import { readFinite, readFiniteChunks, tensorNamed } from './read-weights.js';

/** What a network answers for a batch of positions. */
export interface NetworkOutputs {
  /** `[batch, moves]`: natural logarithm of each move's probability. */
  readonly policy: Float32Array;
  /** `[batch, 1]`: −1 (lost for the side to move) to 1 (won). */
  readonly value: Float32Array;
}

/** Feature maps `[batch, channels, 64]`, in double precision. */
type Maps = Float64Array;

/**
 * Runs a network in plain TypeScript straight from its state dict, to check by independent means what an exported
 * graph computes: batch norm is not folded, weights are float32, every sum is made in double precision. About 0.15 s
 * per position at full size; the memory it takes does not grow with the fully connected layers.
 * @param boards `[batch, planes, 8, 8]`, as `encodePosition` makes them
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function forward(network: NetworkTensors, boards: Float32Array, batch: number): Promise<NetworkOutputs> {
  const { planes } = network.architecture;
  if (boards.length !== batch * planes * SQUARES) {
    throw new RangeError(
      `${batch} boards of ${planes} planes take ${batch * planes * SQUARES} numbers, not ${boards.length}`,
    );
  }
  const layers = layersOf(network.architecture);
  let trunk = relu(await convNorm(network, layers.input, Float64Array.from(boards), batch));
  for (const [first, second] of layers.blocks) {
    const inner = relu(await convNorm(network, first, trunk, batch));
    trunk = relu(add(await convNorm(network, second, inner, batch), trunk));
  }
  const policyPlanes = relu(await convNorm(network, layers.policyConv, trunk, batch));
  const policy = logSoftmax(await linear(network, layers.policyFc, policyPlanes, batch), batch);
  const valuePlanes = relu(await convNorm(network, layers.valueConv, trunk, batch));
  const hidden = relu(await linear(network, layers.valueFc1, valuePlanes, batch));
  const value = await linear(network, layers.valueFc2, hidden, batch);
  return { policy: Float32Array.from(policy), value: Float32Array.from(value, Math.tanh) };
}

async function convNorm(network: NetworkTensors, layer: ConvLayer, input: Maps, batch: number): Promise<Maps> {
  const weight = await readFinite(network, `${layer.conv}.weight`);
  const output = convolve(input, weight, layer, batch);
  if (network.tensors.has(`${layer.conv}.bias`)) {
    const bias = await readFinite(network, `${layer.conv}.bias`);
    eachMap(output, layer.outChannels, (x, channel) => x + (bias[channel] ?? 0));
  }
  return batchNorm(network, layer, output);
}

async function batchNorm(network: NetworkTensors, { norm, outChannels }: ConvLayer, maps: Maps): Promise<Maps> {
  const weight = await readFinite(network, `${norm}.weight`);
  const bias = await readFinite(network, `${norm}.bias`);
  const mean = await readFinite(network, `${norm}.running_mean`);
  const variance = await readFinite(network, `${norm}.running_var`);
  const deviation = Float64Array.from(variance, (value) => Math.sqrt(value + BATCH_NORM_EPSILON));
  return eachMap(
    maps,
    outChannels,
    (x, c) => ((x - (mean[c] ?? 0)) / (deviation[c] ?? 1)) * (weight[c] ?? 0) + (bias[c] ?? 0),
  );
}

/** `input [batch, in]` times weight `[out, in]` plus bias, the weight read piece by piece. */
async function linear(
  network: NetworkTensors,
  layer: LinearLayer,
  input: Float64Array,
  batch: number,
): Promise<Float64Array> {
  const { name, inFeatures, outFeatures } = layer;
  const output = new Float64Array(batch * outFeatures);
  let element = 0;
  for await (const chunk of readFiniteChunks(`${name}.weight`, tensorNamed(network, `${name}.weight`))) {
    for (let at = 0; at < chunk.length; ) {
      const row = Math.floor((element + at) / inFeatures);
      const column = element + at - row * inFeatures;
      const length = Math.min(chunk.length - at, inFeatures - column);
      const weights = chunk.subarray(at, at + length);
      for (let b = 0; b < batch; b++) {
        const index = b * outFeatures + row;
        output[index] = (output[index] ?? 0) + dot(weights, input, b * inFeatures + column);
      }
      at += length;
    }
    element += chunk.length;
  }
  const bias = await readFinite(network, `${name}.bias`);
  for (let i = 0; i < output.length; i++) output[i] = (output[i] ?? 0) + (bias[i % outFeatures] ?? 0);
  return output;
}

function dot(weights: Float32Array, input: Float64Array, inputOffset: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (input[inputOffset + i] ?? 0);
  return sum;
}

/** Changes every element of `maps [batch, channels, 64]` in place, given its channel. */
function eachMap(maps: Maps, channels: number, change: (x: number, channel: number) => number): Maps {
  for (let i = 0; i < maps.length; i++) maps[i] = change(maps[i] ?? 0, Math.floor(i / SQUARES) % channels);
  return maps;
}

function relu(maps: Maps): Maps {
  for (let i = 0; i < maps.length; i++) maps[i] = Math.max(maps[i] ?? 0, 0);
  return maps;
}

function add(maps: Maps, others: Maps): Maps {
  for (let i = 0; i < maps.length; i++) maps[i] = (maps[i] ?? 0) + (others[i] ?? 0);
  return maps;
}

/** Over each row of `scores [batch, moves]`; the largest score is taken off first so that no exponential overflows. */
function logSoftmax(scores: Float64Array, batch: number): Float64Array {
  const moves = scores.length / batch;
  for (let b = 0; b < batch; b++) {
    const row = scores.subarray(b * moves, (b + 1) * moves);
    const largest = row.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, score) => total + Math.exp(score - largest), 0);
    const logSum = largest + Math.log(sum);
    for (let i = 0; i < moves; i++) row[i] = (row[i] ?? 0) - logSum;
  }
  return scores;
}
