import { CONV, CONV_NORM_SHAPES, graphOf, NORM, weightsOf } from '@caissa/testing/graphs';
import { zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import type { Graph, GraphNode } from './graph.js';
import { inferShapes } from './infer-shapes.js';

const graph = graphOf(['batch', 3, 8, 8], [CONV, NORM], weightsOf(CONV_NORM_SHAPES));

function refusal(changes: Partial<Graph>): unknown {
  try {
    inferShapes({ ...graph, ...changes });
  } catch (error) {
    return error;
  }
  return 'accepted';
}

describe('inferShapes', () => {
  it('gives the shape of everything that has a name', () => {
    expect(Object.fromEntries(inferShapes(graph))).toEqual({
      x: ['batch', 3, 8, 8],
      ...CONV_NORM_SHAPES,
      conv: ['batch', 4, 8, 8],
      bn: ['batch', 4, 8, 8],
    });
  });

  it.each<[string, Partial<Graph>]>([
    [
      'conv2d "conv" that does not take [batch, 3, 8, 8] and [4, 2, 3, 3]',
      {
        weights: new Map(graph.weights).set('conv.weight', { tensor: zeros([4, 2, 3, 3]) }),
      },
    ],
    ['uses "conv", which nothing before "bn" gives', { nodes: [NORM, CONV] }],
    ['uses "\\u0000", which nothing before', { nodes: [{ ...CONV, inputs: ['\0', 'conv.weight'] }] }],
    ['the name "conv" twice', { nodes: [CONV, CONV] }],
    ['the name "bn.bias" twice', { inputs: [...graph.inputs, { name: 'bn.bias', shape: [1] }] }],
    ['output "z" that no node gives', { outputs: [{ name: 'z', node: 'x' }] }],
    ['output "z" that no node gives, or gives twice', { outputs: [...graph.outputs, { name: 'z', node: 'bn' }] }],
  ])('refuses a graph that %s', (message, changes) => {
    expect(refusal(changes)).toMatchObject({
      code: 'ARCHITECTURE_MISMATCH',
      message: expect.stringContaining(message),
    });
  });

  it('is given graphs of known operators only, with all that belongs to them', () => {
    const names = { name: 'n', inputs: ['x'] } as const;
    const nodes: GraphNode[] = [
      // @ts-expect-error no such operator
      { ...names, operator: 'sigmoid', attributes: {} },
      // @ts-expect-error an attribute is missing
      { ...names, operator: 'log_softmax', attributes: {} },
      // @ts-expect-error an input is missing
      { ...names, operator: 'add', attributes: {} },
    ];
    expect(nodes.length).toBe(3);
  });
});
