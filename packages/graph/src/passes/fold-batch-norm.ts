import { elementCount } from '@caissa/tensor';
import { type Graph, type GraphNode, inputNames, renameInputs, type StoredWeight, type Weight } from '../graph.js';
import { inferShapes } from '../infer-shapes.js';
import { readWeight, refuseNegativeVariance, refuseNonFinite } from '../weights.js';

/** Added to the note of a graph that was folded. */
const NOTE = " Each convolution's weight and bias include the batch norm after it.";

/** A convolution, its weight, and the batch norm that nothing but it goes into. */
interface Pair {
  readonly conv: GraphNode<'conv2d'>;
  readonly weight: StoredWeight;
  readonly norm: GraphNode<'batch_norm'>;
}

/** What a convolution needs to do the work of the batch norm after it. */
interface Fold {
  /** Factor for the weights of each output channel, in double precision. */
  readonly scale: Float64Array;
  /** The bias `[out]` that takes the place of the convolution's own, rounded once. */
  readonly bias: Float32Array;
}

/**
 * Returns a graph without the batch norms that come after convolutions: those do their work too, with weights that are
 * computed in double precision and rounded once. Weights are read, and refused (NON_FINITE_WEIGHTS), when somebody
 * reads those of the new graph.
 * @throws FormatError ARCHITECTURE_MISMATCH if the graph is not consistent
 */
export function foldBatchNorm(graph: Graph): Graph {
  inferShapes(graph);
  const pairs = pairsOf(graph);
  if (pairs.length === 0) return graph;
  const folded = new Map(pairs.map((pair) => [pair.conv.name, pair]));
  const renamed = new Map(pairs.map(({ conv, norm }) => [norm.name, conv.name]));
  const nameOf = (name: string) => renamed.get(name) ?? name;
  const nodes = graph.nodes
    .filter(({ name }) => !renamed.has(name))
    .map((node): GraphNode => {
      const pair = folded.get(node.name);
      if (pair === undefined) return renameInputs(node, nameOf);
      const [input, weight] = pair.conv.inputs;
      return { ...pair.conv, inputs: [nameOf(input), weight, biasName(pair.conv)] };
    });
  const weights = new Map(graph.weights);
  // Read at the first use, all at once: they are small, and one after the other they would take as long as the weights.
  let folds: Promise<readonly Fold[]> | undefined;
  for (const [index, pair] of pairs.entries()) {
    const fold = async () => {
      folds ??= readFolds(graph, pairs);
      return (await folds)[index] as Fold;
    };
    weights.set(pair.conv.inputs[1], scaledWeight(pair, fold));
    weights.set(biasName(pair.conv), foldedBias(pair, fold));
  }
  const used = new Set(nodes.flatMap(inputNames));
  return {
    ...graph,
    note: graph.note + NOTE,
    weights: new Map([...weights].filter(([name]) => used.has(name))),
    nodes,
    outputs: graph.outputs.map((output) => ({ ...output, node: nameOf(output.node) })),
  };
}

/** The convolutions that can be folded: their values and weights are used in one place only, and stand in the file. */
function pairsOf({ nodes, weights, outputs }: Graph): Pair[] {
  const uses = new Map<string, number>();
  for (const name of [...nodes.flatMap(inputNames), ...outputs.map(({ node }) => node)]) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const convs = new Map(nodes.flatMap((node) => (node.operator === 'conv2d' ? [[node.name, node] as const] : [])));
  return nodes.flatMap((norm): Pair[] => {
    if (norm.operator !== 'batch_norm') return [];
    const conv = convs.get(norm.inputs[0]);
    const weight = conv && weights.get(conv.inputs[1]);
    if (conv === undefined || weight === undefined || !('tensor' in weight) || weight.change) return [];
    const [, ...own] = inputNames(conv);
    const [, ...parameters] = inputNames(norm);
    const isAlone = [conv.name, ...own].every((name) => uses.get(name) === 1);
    const isConstant = [...own, ...parameters].every((name) => weights.has(name));
    const isFree = conv.inputs[2] !== undefined || !weights.has(biasName(conv));
    return isAlone && isConstant && isFree ? [{ conv, weight, norm }] : [];
  });
}

function biasName({ name, inputs }: GraphNode<'conv2d'>): string {
  return inputs[2] ?? `${name}.bias`;
}

/** Waits for every read before it refuses, so that the file may be closed then. */
async function readFolds({ weights }: Graph, pairs: readonly Pair[]): Promise<Fold[]> {
  const small = pairs.flatMap(({ conv, norm }) => [...inputNames(conv).slice(2), ...inputNames(norm).slice(1)]);
  const results = await Promise.allSettled(small.map((name) => readWeight(name, weights.get(name) as Weight)));
  const values = new Map<string, Float32Array>();
  results.forEach((result, i) => {
    if (result.status === 'rejected') throw result.reason;
    values.set(small[i] ?? '', result.value);
  });
  return pairs.map((pair) => computeFold(pair, values));
}

function computeFold({ conv, norm }: Pair, values: ReadonlyMap<string, Float32Array>): Fold {
  const [, ...names] = inputNames(norm);
  const [weights, shifts, means, variances] = names.map((name) => values.get(name));
  const own = values.get(conv.inputs[2] ?? '');
  const { eps } = norm.attributes;
  if (variances) refuseNegativeVariance(norm.inputs[4], variances, eps);
  const scale = Float64Array.from(weights ?? [], (weight, c) => weight / Math.sqrt((variances?.[c] ?? 0) + eps));
  // What a runtime that does not fold would multiply by.
  refuseNonFinite(
    `The scale of ${norm.name}, weight / √(running_var + eps), as float32,`,
    [scale.length],
    Float32Array.from(scale),
    0,
  );
  const bias = Float32Array.from(
    scale,
    (factor, c) => ((own?.[c] ?? 0) - (means?.[c] ?? 0)) * factor + (shifts?.[c] ?? 0),
  );
  refuseNonFinite(`${biasName(conv)} with ${norm.name} folded in`, [bias.length], bias, 0);
  return { scale, bias };
}

function foldedBias({ weight }: Pair, fold: () => Promise<Fold>): Weight {
  const [outChannels = 0] = weight.tensor.shape;
  return { shape: [outChannels], compute: async () => (await fold()).bias };
}

function scaledWeight({ conv, norm, weight: { tensor } }: Pair, fold: () => Promise<Fold>): Weight {
  const name = `${conv.inputs[1]} with ${norm.name} folded in`;
  return {
    tensor,
    change: async (bytes, fromByte) => scaleChannels(name, tensor.shape, (await fold()).scale, bytes, fromByte),
  };
}

/** Products from here on round to infinity as float32: halfway between the largest number and what would follow it. */
const FLOAT32_OVERFLOW = 2 ** 128 - 2 ** 103;

/**
 * Multiplies the piece `bytes` of a float32 weight `[out, …]`, which starts at byte `fromByte` of it, by its channels'
 * factors. A view reads the elements from wherever they stand in a buffer; copying shared memory to where they are
 * aligned and back takes twice as long as all of this.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
function scaleChannels(
  name: string,
  shape: readonly number[],
  scale: Float64Array,
  bytes: Uint8Array,
  fromByte: number,
): void {
  const channelBytes = elementCount(shape.slice(1)) * 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const channel = Math.floor((fromByte + at) / channelBytes);
    const end = Math.min(bytes.length, (channel + 1) * channelBytes - fromByte);
    const overflowAt = scaleInPlace(view, at, end, scale[channel] ?? 0);
    if (overflowAt >= 0) {
      const found = Float32Array.of(view.getFloat32(overflowAt, true));
      refuseNonFinite(name, shape, found, (fromByte + overflowAt) / 4);
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
