import {
  bytesOf,
  type Graph,
  type GraphNode,
  inferShapes,
  inputNames,
  readWeightChunks,
  type Shape,
  type Weight,
  weightRange,
  weightShape,
} from '@caissa/graph';
import type { OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from '../model.js';
import { PRODUCER } from '../producer.js';
import { LOWERINGS, type LoweredNode, type OnnxOperation } from './lowerings.js';

/** Name of the dimension that the caller of the ONNX graph chooses. */
const BATCH = 'batch_size';

/** Choices of {@link lowerGraph}. */
export interface LowerGraphOptions {
  /** Operator set, one that an export may have. */
  readonly opset: number;
  /** Goes into `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether `checkFinite` has passed: weights that stay as they are need not be looked at again then. */
  readonly weightsChecked?: boolean;
}

/**
 * Returns the ONNX model of a graph, everything float32, nodes and initializers named as in the graph. Weights are read
 * when the model is written, and refused then (NON_FINITE_WEIGHTS).
 * @throws FormatError ARCHITECTURE_MISMATCH if the graph is not consistent
 */
export function lowerGraph(graph: Graph, { opset, metadata, weightsChecked = false }: LowerGraphOptions): OnnxModel {
  const shapes = inferShapes(graph);
  const outputs = new Map(graph.outputs.map(({ name, node }) => [node, name]));
  const isComputed = new Set(graph.nodes.map(({ name }) => name));
  const nameOf = (name: string) => outputs.get(name) ?? (isComputed.has(name) ? `${name}.output` : name);
  const describe = ({ name, note }: { name: string; note?: string }, value: string): OnnxValue => ({
    name,
    ...(note === undefined ? {} : { docString: note }),
    dataType: 'float32',
    shape: (shapes.get(value) ?? []).map((size) => (size === 'batch' ? BATCH : size)),
  });
  return {
    opset,
    producerName: PRODUCER.name,
    producerVersion: PRODUCER.version,
    metadata,
    graph: {
      name: graph.name,
      docString: graph.note,
      nodes: graph.nodes.flatMap((node) => lowerNode(node, { opset, shapes, nameOf })),
      initializers: [...new Set(graph.nodes.flatMap(inputNames))].flatMap((name) => {
        const weight = graph.weights.get(name);
        return weight ? [initializerOf(name, weight, weightsChecked)] : [];
      }),
      inputs: graph.inputs.map((input) => describe(input, input.name)),
      outputs: graph.outputs.map((output) => describe(output, output.node)),
    },
  };
}

/** What is known around a node. */
interface Surroundings {
  readonly opset: number;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** What a value of the graph is called in the model. */
  nameOf(name: string): string;
}

function lowerNode(node: GraphNode, { opset, shapes, nameOf }: Surroundings): OnnxNode[] {
  const nodes: OnnxNode[] = [];
  const add = (name: string, operation: OnnxOperation, output: string): string => {
    nodes.push({ name, ...operation, outputs: [output] });
    return output;
  };
  const names = inputNames(node);
  const lower = LOWERINGS[node.operator] as (node: LoweredNode) => OnnxOperation;
  const operation = lower({
    inputs: names.map(nameOf),
    shapes: names.map((name) => shapes.get(name) ?? []),
    attributes: node.attributes,
    opset,
    before(operation) {
      const name = `${node.name}.${nodes.length}`;
      return add(name, operation, `${name}.output`);
    },
  });
  add(node.name, operation, nameOf(node.name));
  return nodes;
}

/** Goes from file to file, changed on the way perhaps, if that can be; in chunks that are looked at otherwise. */
function initializerOf(name: string, weight: Weight, isChecked: boolean): OnnxInitializer {
  const range = isChecked ? weightRange(weight) : undefined;
  return { name, shape: weightShape(weight), dataType: 'float32', data: range ?? (() => chunksOf(name, weight)) };
}

async function* chunksOf(name: string, weight: Weight): AsyncGenerator<Uint8Array> {
  for await (const chunk of readWeightChunks(name, weight)) yield bytesOf(chunk);
}
