import { bytesOf, foldBatchNorm, type Graph, type GraphNode, inputNames, renameInputs } from '@caissa/graph';
import { lowerGraph, type OnnxInitializer, type OnnxModel, type OnnxNode } from '@caissa/onnx';
import { elementCount } from '@caissa/tensor';
import { zeros } from './tensors.js';

/** A model that an exporter with one mistake would write. */
export interface MutatedModel {
  readonly mistake: string;
  readonly model: OnnxModel;
}

/** A mistake in the numbers of an initializer, made in place. */
type Change = (values: Float32Array, shape: readonly number[], name: string) => void;

/**
 * Returns the models that an exporter would write with one mistake each.
 * @param graph the network's, before any pass
 * @param singleWeights models of which one weight is wrong
 */
export function mutatedModels(graph: Graph, singleWeights: number): MutatedModel[] {
  const sound = soundModel(graph);
  return [
    ...graphMistakes(graph).map(([mistake, mutated]) => ({ mistake, model: soundModel(mutated) })),
    ...modelMistakes(sound),
    ...weightMistakes(sound),
    ...wrongWeights(sound, singleWeights),
  ];
}

/** Returns the model that is written of a network. */
export function soundModel(graph: Graph): OnnxModel {
  return lowerGraph(foldBatchNorm(graph), { opset: 13, metadata: {} });
}

function graphMistakes(graph: Graph): [mistake: string, graph: Graph][] {
  const withEps = (eps: number): Graph => ({
    ...graph,
    nodes: graph.nodes.map((node) => (node.operator === 'batch_norm' ? { ...node, attributes: { eps } } : node)),
  });
  const meanless = [...graph.weights].map(([name, weight]) =>
    name.endsWith('running_mean') && 'tensor' in weight
      ? ([name, { tensor: zeros(weight.tensor.shape) }] as const)
      : ([name, weight] as const),
  );
  const leftOut = graph.nodes.filter(({ operator }) => operator === 'relu' || operator === 'add');
  return [
    ...[1e-3, 1e-4, 0].map((eps): [string, Graph] => [`eps ${eps}`, withEps(eps)]),
    ['mean ignored', { ...graph, weights: new Map(meanless) }],
    ...leftOut.map((node): [string, Graph] => [`${node.name} left out`, without(graph, node)]),
  ];
}

/** The graph in which a node's first input takes the place of its value. */
function without(graph: Graph, node: GraphNode): Graph {
  const [input = ''] = inputNames(node);
  const nodes = graph.nodes
    .filter((each) => each !== node)
    .map((each) => renameInputs(each, (name) => (name === node.name ? input : name)));
  return { ...graph, nodes };
}

function modelMistakes(model: OnnxModel): MutatedModel[] {
  const change = (mistake: string, opType: string, mutate: (node: OnnxNode) => OnnxNode[]): MutatedModel => {
    const nodes = model.graph.nodes.flatMap((node) => (node.opType === opType ? mutate(node) : [node]));
    return { mistake, model: { ...model, graph: { ...model.graph, nodes } } };
  };
  const first = (opType: string) => (node: OnnxNode) => [
    { name: 'mistake', opType, inputs: node.inputs.slice(0, 1), outputs: ['mistake'] },
    { ...node, inputs: ['mistake', ...node.inputs.slice(1)] },
  ];
  return [
    change('softmax over the batch', 'LogSoftmax', (node) => [{ ...node, attributes: { axis: { int: 0 } } }]),
    change('softmax left out', 'LogSoftmax', (node) => [{ ...node, opType: 'Identity', attributes: {} }]),
    change('softmax without logarithm', 'LogSoftmax', (node) => [{ ...node, opType: 'Softmax' }]),
    change('value negated', 'Tanh', first('Neg')),
    change('tanh left out', 'Tanh', (node) => [{ ...node, opType: 'Identity' }]),
    change('tanh twice', 'Tanh', first('Tanh')),
    oneRowForAll(model, 'first', 0),
    oneRowForAll(model, 'last', -1),
  ];
}

/** A batch whose rows are all answered as one of them. */
function oneRowForAll(model: OnnxModel, called: string, index: number): MutatedModel {
  const [input = ''] = model.graph.inputs.map(({ name }) => name);
  const nodes = model.graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === input ? 'rows' : name)),
  }));
  const node = (opType: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) => [
    { name: output, opType, inputs, outputs: [output], attributes },
  ];
  const copying = [
    ...node('Constant', [], 'index', { value_ints: { ints: [index] } }),
    ...node('Gather', [input, 'index'], 'row'),
    ...node('Sub', [input, input], 'nothing'),
    ...node('Add', ['row', 'nothing'], 'rows'),
  ];
  return {
    mistake: `${called} row for all`,
    model: { ...model, graph: { ...model.graph, nodes: [...copying, ...nodes] } },
  };
}

function weightMistakes(model: OnnxModel): MutatedModel[] {
  const all = model.graph.initializers;
  const each = (mistake: string, names: readonly OnnxInitializer[], axis: number): MutatedModel[] =>
    names
      .filter(({ shape }) => (shape[axis] ?? 0) > 1)
      .map((one) =>
        changed(
          model,
          `${mistake} of ${one.name} swapped`,
          only(one, (values, shape) => swapFirstTwo(values, shape, axis)),
        ),
      );
  const convs = all.filter(({ shape }) => shape.length === 4);
  return [
    ...each('channels', convs, 0),
    ...each('input planes', convs, 1),
    ...each('kernel rows', convs, 2),
    ...each(
      'rows',
      all.filter(({ shape }) => shape.length === 2),
      0,
    ),
    ...each(
      'columns',
      all.filter(({ shape }) => shape.length === 2),
      1,
    ),
    changed(model, 'policy shifted by one', (values, shape, name) => {
      if (name.startsWith('policy_fc')) values.set(rolled(values, elementCount(shape.slice(1))));
    }),
    changed(model, 'float16', (values) => round(values, 2 ** 13)),
    changed(model, 'bfloat16', (values) => round(values, 2 ** 16)),
    ...all.map((one) =>
      changed(
        model,
        `float16 in ${one.name}`,
        only(one, (values) => round(values, 2 ** 13)),
      ),
    ),
  ];
}

/** Single weights that are 1e-2 too large, spread over all initializers. */
function wrongWeights(model: OnnxModel, count: number): MutatedModel[] {
  const all = model.graph.initializers;
  return Array.from({ length: count }, (_, i) => {
    const one = all[i % all.length] as OnnxInitializer;
    const index = Math.floor(elementCount(one.shape) * ((i * 0.618_033_988_749) % 1));
    const add = (values: Float32Array) => {
      values[index] = (values[index] ?? 0) + 1e-2;
    };
    return changed(model, `${one.name} at ${index} plus 0.01`, only(one, add));
  });
}

function only({ name }: OnnxInitializer, change: Change): Change {
  return (values, shape, each) => {
    if (each === name) change(values, shape, each);
  };
}

function changed(model: OnnxModel, mistake: string, change: Change): MutatedModel {
  const initializers = model.graph.initializers.map((one) => ({
    ...one,
    async *data() {
      const values = await valuesOf(one);
      change(values, one.shape, one.name);
      yield bytesOf(values);
    },
  }));
  return { mistake, model: { ...model, graph: { ...model.graph, initializers } } };
}

async function valuesOf({ data, shape }: OnnxInitializer): Promise<Float32Array> {
  const values = new Float32Array(elementCount(shape));
  if (typeof data !== 'function') throw new Error('the weights are not read in pieces');
  let filled = 0;
  for await (const bytes of data()) {
    bytesOf(values).set(bytes, filled);
    filled += bytes.length;
  }
  return values;
}

function swapFirstTwo(values: Float32Array, shape: readonly number[], axis: number): void {
  const inner = elementCount(shape.slice(axis + 1));
  const block = inner * (shape[axis] ?? 1);
  for (let at = 0; at < values.length; at += block) {
    const first = values.slice(at, at + inner);
    values.copyWithin(at, at + inner, at + 2 * inner);
    values.set(first, at + inner);
  }
}

function rolled(values: Float32Array, by: number): Float32Array {
  return Float32Array.from(values, (_, i) => values[(i + by) % values.length] ?? 0);
}

/** Rounds to shorter significands, by Veltkamp's splitting: `step` is 2 to the bits that are dropped. */
function round(values: Float32Array, step: number): void {
  for (const [i, value] of values.entries()) {
    const large = Math.fround(value * (step + 1));
    values[i] = large - Math.fround(large - value);
  }
}
