import { FormatError, quoteName } from '@caissa/bytes';
import { type Graph, type GraphNode, inputNames } from './graph.js';
import { type OperatorRow, type Shape, shapeText } from './operator.js';
import { OPERATORS } from './operators.js';
import { weightShape } from './weights.js';

/**
 * Returns the shape of every input, weight and node of a graph by its name.
 * @throws FormatError ARCHITECTURE_MISMATCH if a node takes what its operator cannot take or what nothing before it
 *   gives, if two things have one name, or if an output is no node's value of its own
 */
export function inferShapes(graph: Graph): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  const add = (name: string, shape: Shape) => {
    if (shapes.has(name)) throw inconsistent(`has the name ${quoteName(name)} twice`);
    shapes.set(name, shape);
  };
  for (const { name, shape } of graph.inputs) add(name, shape);
  for (const [name, weight] of graph.weights) add(name, weightShape(weight));
  for (const node of graph.nodes) add(node.name, shapeOf(node, shapes));
  const given = new Set(graph.nodes.map(({ name }) => name));
  for (const { name, node } of graph.outputs) {
    if (!given.delete(node)) throw inconsistent(`has an output ${quoteName(name)} that no node gives, or gives twice`);
  }
  return shapes;
}

/** Returns the row of a node's operator; that its inputs and attributes fit is what the type of a node says. */
export function rowOf({ operator }: GraphNode): OperatorRow<readonly string[], object> {
  return OPERATORS[operator] as OperatorRow<readonly string[], object>;
}

function shapeOf(node: GraphNode, shapes: ReadonlyMap<string, Shape>): Shape {
  const inputs = inputNames(node).map((name) => {
    const shape = shapes.get(name);
    if (shape === undefined)
      throw inconsistent(`uses ${quoteName(name)}, which nothing before ${quoteName(node.name)} gives`);
    return shape;
  });
  const shape = rowOf(node).shape(inputs, node.attributes);
  if (shape !== undefined) return shape;
  const given = inputs.map(shapeText).join(' and ');
  throw inconsistent(`has a ${node.operator} ${quoteName(node.name)} that does not take ${given}`);
}

function inconsistent(reason: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', `The graph of the network ${reason}.`);
}
