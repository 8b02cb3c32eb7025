import { elementCount } from '@caissa/tensor';
import { type Graph, type GraphNode, inputNames } from './graph.js';
import { inferShapes, rowOf } from './infer-shapes.js';
import type { Elements, Operand, Shape } from './operator.js';
import { readWeight, readWeightChunks } from './weights.js';

/**
 * Runs a graph in plain TypeScript, to check by independent means what a written file computes: weights are float32,
 * every sum is made in double precision. About 0.1 s for a position and a full-size chess network; the memory it takes
 * does not grow with the fully connected layers.
 * @param inputs row-major elements of each input, by its name
 * @param batch size of the batch in them
 * @returns the outputs by their names
 * @throws FormatError NON_FINITE_WEIGHTS; ARCHITECTURE_MISMATCH as {@link inferShapes}
 */
export async function evaluate(
  graph: Graph,
  inputs: Readonly<Record<string, Float32Array>>,
  batch: number,
): Promise<Record<string, Float64Array>> {
  const shapes = inferShapes(graph);
  const sizesOf = (name: string) => sizesFor(shapes.get(name) ?? [], batch);
  const values = new Map<string, Elements>();
  for (const { name } of graph.inputs) values.set(name, checkedInput(name, inputs[name], sizesOf(name)));
  const lastUses = lastUsesOf(graph);
  for (const node of graph.nodes) {
    const operands = inputNames(node).map((name) => operandOf(graph, values, name, sizesOf(name)));
    values.set(node.name, await rowOf(node).evaluate(operands, node.attributes, sizesOf(node.name)));
    for (const name of inputNames(node)) if (lastUses.get(name) === node) values.delete(name);
  }
  return Object.fromEntries(graph.outputs.map(({ name, node }) => [name, Float64Array.from(values.get(node) ?? [])]));
}

function sizesFor(shape: Shape, batch: number): number[] {
  return shape.map((size) => (size === 'batch' ? batch : size));
}

function checkedInput(name: string, elements: Float32Array | undefined, sizes: readonly number[]): Float64Array {
  const expected = elementCount(sizes);
  if (elements?.length === expected) return Float64Array.from(elements);
  throw new RangeError(`${name} [${sizes.join(', ')}] takes ${expected} numbers, not ${elements?.length ?? 'none'}`);
}

function operandOf(graph: Graph, values: ReadonlyMap<string, Elements>, name: string, sizes: number[]): Operand {
  const weight = graph.weights.get(name);
  if (weight) return { sizes, read: () => readWeight(name, weight), chunks: () => readWeightChunks(name, weight) };
  const elements = values.get(name) ?? new Float64Array(0);
  return {
    sizes,
    read: async () => elements,
    async *chunks() {
      yield elements;
    },
  };
}

/** The node after which each value is no longer needed. */
function lastUsesOf({ nodes, outputs }: Graph): ReadonlyMap<string, GraphNode> {
  const lastUses = new Map(nodes.flatMap((node) => inputNames(node).map((name) => [name, node] as const)));
  for (const { node } of outputs) lastUses.delete(node);
  return lastUses;
}
