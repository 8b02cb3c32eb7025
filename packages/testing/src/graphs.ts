import type { Graph, GraphNode, Shape } from '@caissa/graph';
import { elementCount, type Tensor } from '@caissa/tensor';
import { floats, noise } from './tensors.js';

/** A graph with an input `x`, whose last node gives the output `y`. */
export function graphOf(
  shape: Shape,
  nodes: readonly GraphNode[],
  weights: Readonly<Record<string, Tensor>> = {},
): Graph {
  return {
    name: 'test',
    note: 'A test.',
    inputs: [{ name: 'x', shape }],
    weights: new Map(Object.entries(weights).map(([name, tensor]) => [name, { tensor }])),
    nodes,
    outputs: [{ name: 'y', node: nodes.at(-1)?.name ?? '' }],
  };
}

/** Weights of the given shapes, each with other numbers, from 0.5 to 1.5. */
export function weightsOf(shapes: Readonly<Record<string, readonly number[]>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], seed) => [
      name,
      floats(
        shape,
        noise(elementCount(shape), seed).map((value) => 1 + value / 2),
      ),
    ]),
  );
}

export const CONV: GraphNode<'conv2d'> = {
  operator: 'conv2d',
  name: 'conv',
  inputs: ['x', 'conv.weight'],
  attributes: { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 },
};

export const NORM: GraphNode<'batch_norm'> = {
  operator: 'batch_norm',
  name: 'bn',
  inputs: ['conv', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'],
  attributes: { eps: 1e-5 },
};

/** Shapes of the weights of {@link CONV} and {@link NORM}, with three channels in and four out. */
export const CONV_NORM_SHAPES = {
  'conv.weight': [4, 3, 3, 3],
  'bn.weight': [4],
  'bn.bias': [4],
  'bn.running_mean': [4],
  'bn.running_var': [4],
};
