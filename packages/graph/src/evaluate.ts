import { setImmediate } from 'node:timers/promises';
import { elementCount } from '@caissa/tensor';
import { type Graph, type GraphNode, inputNames, type Weight } from './graph.js';
import { inferShapes, rowOf } from './infer-shapes.js';
import type { Arithmetic, Elements, Operand, Shape } from './operator.js';
import { tensorElements } from './tensor-elements.js';
import { bytesOf, weightShape } from './weights.js';

/** How {@link evaluate} computes, and how it is stopped. */
export interface EvaluateOptions {
  /** What values and partial sums are kept in: doubles, or float32 to see what the rounding of a runtime does. */
  readonly arithmetic?: Arithmetic;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a graph in plain TypeScript, to check by independent means what a written file computes: weights are float32, read
 * by {@link tensorElements}, every sum is made in double precision. About 0.1 s for a position and a full-size chess
 * network; the memory it takes does not grow with the fully connected layers.
 * @param inputs row-major elements of each input, by its name
 * @param batch size of the batch in them
 * @returns the outputs by their names
 * @throws FormatError ARCHITECTURE_MISMATCH as {@link inferShapes}; the signal's reason
 */
export async function evaluate(
  graph: Graph,
  inputs: Readonly<Record<string, Float32Array>>,
  batch: number,
  { arithmetic = Float64Array, signal }: EvaluateOptions = {},
): Promise<Record<string, Float64Array>> {
  const shapes = inferShapes(graph);
  const sizesOf = (name: string) => sizesFor(shapes.get(name) ?? [], batch);
  const values = new Map<string, Elements>();
  for (const { name } of graph.inputs) values.set(name, checkedInput(name, inputs[name], sizesOf(name)));
  const lastUses = lastUsesOf(graph);
  for (const node of graph.nodes) {
    // Others get their turn: a job's lock is renewed on the same event loop.
    await setImmediate();
    signal?.throwIfAborted();
    const operands = inputNames(node).map((name) => operandOf(graph, values, name, sizesOf(name)));
    values.set(node.name, await rowOf(node).evaluate(operands, node.attributes, sizesOf(node.name), arithmetic));
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
  if (weight) return { sizes, read: () => readWhole(weight), chunks: () => readPieces(weight) };
  const elements = values.get(name) ?? new Float64Array(0);
  return {
    sizes,
    read: async () => elements,
    async *chunks() {
      yield elements;
    },
  };
}

async function* readPieces(weight: Weight): AsyncGenerator<Float32Array> {
  if (!('tensor' in weight)) {
    yield await weight.compute();
    return;
  }
  let before = 0;
  for await (const piece of tensorElements(weight.tensor)) {
    await weight.change?.(bytesOf(piece), before * piece.BYTES_PER_ELEMENT);
    before += piece.length;
    yield piece;
  }
}

async function readWhole(weight: Weight): Promise<Float32Array> {
  const elements = new Float32Array(elementCount(weightShape(weight)));
  let filled = 0;
  for await (const piece of readPieces(weight)) {
    elements.set(piece, filled);
    filled += piece.length;
  }
  return elements;
}

/** The node after which each value is no longer needed. */
function lastUsesOf({ nodes, outputs }: Graph): ReadonlyMap<string, GraphNode> {
  const lastUses = new Map(nodes.flatMap((node) => inputNames(node).map((name) => [name, node] as const)));
  for (const { node } of outputs) lastUses.delete(node);
  return lastUses;
}
