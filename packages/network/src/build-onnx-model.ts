import type { OnnxGraph, OnnxInitializer, OnnxModel, OnnxNode, SourceRange } from '@caissa/onnx';
import { assertTensorBounds, isContiguous, itemSizeBytes, type Tensor } from '@caissa/tensor';
import type { NetworkTensors } from './architecture.js';
import { type Fold, foldedWeightChunks, foldIntoWeights, readFolds } from './fold-batch-norm.js';
import { type ConvLayer, convLayersOf, type LinearLayer, layersOf } from './layout.js';
import { readFiniteChunks, tensorNamed } from './read-weights.js';

/** Names of the ONNX graph's input and outputs. */
export const GRAPH_NAMES = { input: 'board_input', policy: 'policy_output', value: 'value_output' } as const;

/** Name of the dimension that the caller of the ONNX graph chooses. */
const BATCH = 'batch_size';

/** Choices of {@link buildOnnxModel}. */
export interface OnnxModelOptions {
  /** Operator set, 11 to 21. */
  readonly opset: number;
  /** Goes into `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether `checkFinite` has passed: weights that stay as they are need not be looked at again then. */
  readonly weightsChecked?: boolean;
}

/**
 * The ONNX graph of a network: `board_input [batch_size, planes, 8, 8]` → `policy_output [batch_size, moves]`
 * (log-probabilities) and `value_output [batch_size, 1]` (−1 to 1), all float32, batch norms folded into the
 * convolutions before them. Weights are read when the model is written, and refused then (NON_FINITE_WEIGHTS).
 */
export function buildOnnxModel(network: NetworkTensors, options: OnnxModelOptions): OnnxModel {
  const graph = new GraphParts(network, options.weightsChecked ?? false);
  const layers = layersOf(network.architecture);
  let trunk = graph.relu('relu_input', graph.conv(layers.input, GRAPH_NAMES.input));
  layers.blocks.forEach(([first, second], block) => {
    const name = `res_blocks.${block}`;
    const inner = graph.relu(`${name}.relu1`, graph.conv(first, trunk));
    const sum = graph.node('Add', `${name}.add`, [graph.conv(second, inner), trunk]);
    trunk = graph.relu(`${name}.relu2`, sum);
  });
  const policy = graph.linear(layers.policyFc, graph.head('policy', layers.policyConv, trunk));
  graph.node('LogSoftmax', 'policy_log_softmax', [policy], { axis: { int: 1 } }, GRAPH_NAMES.policy);
  const hidden = graph.relu(
    'value_fc1_relu',
    graph.linear(layers.valueFc1, graph.head('value', layers.valueConv, trunk)),
  );
  graph.node('Tanh', 'value_tanh', [graph.linear(layers.valueFc2, hidden)], {}, GRAPH_NAMES.value);
  return { opset: options.opset, producerName: 'caissa', metadata: options.metadata, graph: graph.build() };
}

/** Collects nodes and initializers. Each method adds what it names and answers the name of its output. */
class GraphParts {
  readonly #network: NetworkTensors;
  readonly #weightsChecked: boolean;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxInitializer[] = [];
  #reading: Promise<ReadonlyMap<string, Fold>> | undefined;

  constructor(network: NetworkTensors, weightsChecked: boolean) {
    this.#network = network;
    this.#weightsChecked = weightsChecked;
  }

  node(
    opType: string,
    name: string,
    inputs: readonly string[],
    attributes: NonNullable<OnnxNode['attributes']> = {},
    output = `${name}.output`,
  ): string {
    this.#nodes.push({ name, opType, inputs, outputs: [output], attributes });
    return output;
  }

  relu(name: string, input: string): string {
    return this.node('Relu', name, [input]);
  }

  /** A convolution that keeps 8×8, with its batch norm folded in. */
  conv(layer: ConvLayer, input: string): string {
    const { conv, outChannels, inChannels, kernelSize } = layer;
    const pad = (kernelSize - 1) / 2;
    const network = this.#network;
    const fold = () => this.#folds().then((folds) => foldNamed(folds, conv));
    const weight = this.#weight(
      `${conv}.weight`,
      [outChannels, inChannels, kernelSize, kernelSize],
      async (bytes, fromByte) => foldIntoWeights(network, layer, await fold(), bytes, fromByte),
      async function* () {
        yield* foldedWeightChunks(network, layer, await fold());
      },
    );
    const bias = this.#initializer(`${conv}.bias`, [outChannels], async function* () {
      yield (await fold()).bias;
    });
    return this.node('Conv', conv, [input, weight, bias], {
      dilations: { ints: [1, 1] },
      group: { int: 1 },
      kernel_shape: { ints: [kernelSize, kernelSize] },
      pads: { ints: [pad, pad, pad, pad] },
      strides: { ints: [1, 1] },
    });
  }

  /** A head's 1×1 convolution, flattened to `[batch_size, planes·64]`. */
  head(name: string, layer: ConvLayer, input: string): string {
    const planes = this.relu(`${name}_relu`, this.conv(layer, input));
    return this.node('Flatten', `${name}_flatten`, [planes], { axis: { int: 1 } });
  }

  linear({ name, outFeatures, inFeatures }: LinearLayer, input: string): string {
    const weight = this.#unchanged(`${name}.weight`, [outFeatures, inFeatures]);
    const bias = this.#unchanged(`${name}.bias`, [outFeatures]);
    return this.node('Gemm', name, [input, weight, bias], { transB: { int: 1 } });
  }

  build(): OnnxGraph {
    const { planes, policySize } = this.#network.architecture;
    return {
      name: 'alphazero_chess',
      docString:
        'Nodes and initializers are named as in the PyTorch state dict. ' +
        "Each convolution's weight and bias include the batch norm after it.",
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: [{ name: GRAPH_NAMES.input, dataType: 'float32', shape: [BATCH, planes, 8, 8] }],
      outputs: [
        { name: GRAPH_NAMES.policy, dataType: 'float32', shape: [BATCH, policySize] },
        { name: GRAPH_NAMES.value, dataType: 'float32', shape: [BATCH, 1] },
      ],
    };
  }

  /** Read when the first convolution is written. */
  #folds(): Promise<ReadonlyMap<string, Fold>> {
    this.#reading ??= readFolds(this.#network, convLayersOf(layersOf(this.#network.architecture)));
    return this.#reading;
  }

  #unchanged(name: string, shape: readonly number[]): string {
    const tensor = tensorNamed(this.#network, name);
    return this.#weight(name, shape, undefined, () => readFiniteChunks(name, tensor));
  }

  /** Goes from file to file, changed on the way perhaps, if that can be; in chunks that are looked at otherwise. */
  #weight(
    name: string,
    shape: readonly number[],
    change: SourceRange['change'],
    chunks: () => AsyncIterable<Float32Array>,
  ): string {
    const range = this.#weightsChecked ? rangeOf(tensorNamed(this.#network, name)) : undefined;
    if (range === undefined) return this.#initializer(name, shape, chunks);
    const data = change === undefined ? range : { ...range, change };
    this.#initializers.push({ name, shape, dataType: 'float32', data });
    return name;
  }

  #initializer(name: string, shape: readonly number[], chunks: () => AsyncIterable<Float32Array>): string {
    this.#initializers.push({ name, shape, dataType: 'float32', data: () => bytesOf(chunks()) });
    return name;
  }
}

/** Where the bytes of a tensor stand in its file, if they are there just as ONNX has them. */
function rangeOf(tensor: Tensor): SourceRange | undefined {
  if (tensor.dtype !== 'float32' || !isContiguous(tensor)) return undefined;
  assertTensorBounds(tensor);
  const { source, offsetBytes } = tensor.storage;
  return { source, offsetBytes: offsetBytes + tensor.offset * itemSizeBytes(tensor.dtype) };
}

function foldNamed(folds: ReadonlyMap<string, Fold>, conv: string): Fold {
  const fold = folds.get(conv);
  if (fold === undefined) throw new RangeError(`no batch norm was read for ${conv}`);
  return fold;
}

/** Little-endian bytes of float32 pieces: their own memory, since Caissa runs on little-endian processors only. */
async function* bytesOf(chunks: AsyncIterable<Float32Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
