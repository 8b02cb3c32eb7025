import {
  type Architecture,
  buildGraph,
  GRAPH_NAMES,
  initialStateDict,
  type NetworkOutputs,
  type NetworkTensors,
} from '@caissa/chess';
import { evaluate, foldBatchNorm } from '@caissa/graph';
import { type LowerGraphOptions, lowerGraph } from '@caissa/onnx';
import { elementCount, type StateDict, type Tensor } from '@caissa/tensor';
import { modelBytes, runModel } from './run-model.js';
import { floats, noise } from './tensors.js';

/** The architecture of the checkpoints in tests/fixtures. */
export const SMALL: Architecture = {
  channels: 8,
  blocks: 2,
  planes: 14,
  policyPlanes: 1,
  valuePlanes: 2,
  valueHidden: 4,
  policySize: 4096,
};

/** The tensor of a name that is known to be there. */
export function named(stateDict: StateDict, name: string): Tensor {
  const tensor = stateDict.get(name);
  if (tensor === undefined) throw new Error(`no ${name}`);
  return tensor;
}

/** A state dict with some tensors replaced or added at the end, those given as undefined left out. */
export function changed(stateDict: StateDict, changes: Readonly<Record<string, Tensor | undefined>>): StateDict {
  const result = new Map(stateDict);
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor === undefined) result.delete(name);
    else result.set(name, tensor);
  }
  return result;
}

/** A network with several planes in each head, so that no single dead one makes an output the same for every position. */
export const LIVELY: Architecture = { ...SMALL, policyPlanes: 4, valuePlanes: 3, valueHidden: 16 };

/** A state dict whose batch norms do something, as after training. */
export function trainedStateDict(architecture: Architecture, seed: number): StateDict {
  let spreads = 0;
  const spread = (shape: readonly number[], from: number, to: number) => {
    const values = noise(elementCount(shape), seed + spreads++);
    return floats(
      shape,
      values.map((value) => from + ((to - from) * (value + 1)) / 2),
    );
  };
  const result = new Map(initialStateDict(architecture, seed));
  for (const [name, { shape }] of result) {
    if (/bn.*\.weight$/.test(name)) result.set(name, spread(shape, 0.5, 1.5));
    if (/bn.*\.(bias|running_mean)$/.test(name)) result.set(name, spread(shape, -0.5, 0.5));
    if (/bn.*\.running_var$/.test(name)) result.set(name, spread(shape, 0.01, 2));
  }
  return result;
}

/** The ONNX file of a network. */
export function onnxBytes(
  network: NetworkTensors,
  opset: number,
  options: Partial<LowerGraphOptions> = {},
): Promise<Buffer> {
  return modelBytes(lowerGraph(foldBatchNorm(buildGraph(network)), { metadata: {}, ...options, opset }));
}

/** What onnxruntime computes from an ONNX file. */
export async function runOnnx(
  bytes: Uint8Array,
  boards: Float32Array,
  batch: number,
  graphOptimizationLevel: 'disabled' | 'all' = 'all',
): Promise<NetworkOutputs> {
  const inputs = { [GRAPH_NAMES.input]: { data: boards, shape: [batch, 14, 8, 8] } };
  return outputsOf(await runModel(bytes, inputs, graphOptimizationLevel));
}

/** What a network computes by the definition of its operators. */
export async function computeNetwork(
  network: NetworkTensors,
  boards: Float32Array,
  batch: number,
): Promise<NetworkOutputs> {
  return outputsOf(await evaluate(buildGraph(network), { [GRAPH_NAMES.input]: boards }, batch));
}

/** Largest |Δ| between what two networks, or runs of one, answer. */
export function largestDifference(a: NetworkOutputs, b: NetworkOutputs): number {
  const differences = (['policy', 'value'] as const).flatMap((name) =>
    Array.from(a[name], (one, i) => Math.abs(one - (b[name][i] ?? Number.NaN))),
  );
  return differences.reduce((largest, one) => Math.max(largest, one), 0);
}

function outputsOf(outputs: Readonly<Record<string, ArrayLike<number>>>): NetworkOutputs {
  return {
    policy: Float32Array.from(outputs[GRAPH_NAMES.policy] ?? []),
    value: Float32Array.from(outputs[GRAPH_NAMES.value] ?? []),
  };
}
