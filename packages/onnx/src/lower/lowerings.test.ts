import { FORMATS } from '@caissa/formats';
import { evaluate, type GraphNode, type Operator } from '@caissa/graph';
import { elementCount } from '@caissa/tensor';
import { CONV, CONV_NORM_SHAPES, graphOf, NORM, weightsOf } from '@caissa/testing/graphs';
import { modelBytes, runModel } from '@caissa/testing/run-model';
import { noise } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { lowerGraph } from './lower-graph.js';

/** A graph around an operator: sizes of `x` without the batch, nodes, and the shapes of weights. */
type Case = readonly [
  sizes: readonly number[],
  nodes: readonly GraphNode[],
  shapes?: Readonly<Record<string, readonly number[]>>,
];

/** At least one graph for each operator: so that an operator without one does not compile. */
const CASES: { readonly [O in Operator]: readonly Case[] } = {
  conv2d: [
    [[3, 8, 8], [CONV], CONV_NORM_SHAPES],
    [
      [4, 9, 7],
      [
        {
          ...CONV,
          inputs: ['x', 'weight', 'bias'],
          attributes: { stride: [2, 3], padding: [2, 1], dilation: [1, 2], groups: 2 },
        },
      ],
      { weight: [6, 2, 3, 2], bias: [6] },
    ],
    [[5, 8, 8], [{ ...CONV, attributes: { ...CONV.attributes, padding: [0, 0] } }], { 'conv.weight': [2, 5, 1, 1] }],
  ],
  batch_norm: [
    [[3, 8, 8], [CONV, NORM], CONV_NORM_SHAPES],
    [[4], [{ ...NORM, inputs: ['x', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'] }], CONV_NORM_SHAPES],
  ],
  relu: [[[2, 3], [{ operator: 'relu', name: 'relu', inputs: ['x'], attributes: {} }]]],
  tanh: [[[2, 3], [{ operator: 'tanh', name: 'tanh', inputs: ['x'], attributes: {} }]]],
  add: [
    [
      [2, 3],
      [
        { operator: 'tanh', name: 'tanh', inputs: ['x'], attributes: {} },
        { operator: 'add', name: 'add', inputs: ['tanh', 'x'], attributes: {} },
      ],
    ],
  ],
  flatten: [[[2, 3, 4], [{ operator: 'flatten', name: 'flatten', inputs: ['x'], attributes: { start_dim: 1 } }]]],
  linear: [
    [
      [5],
      [{ operator: 'linear', name: 'linear', inputs: ['x', 'weight', 'bias'], attributes: {} }],
      { weight: [7, 5], bias: [7] },
    ],
    [[5], [{ operator: 'linear', name: 'linear', inputs: ['x', 'weight'], attributes: {} }], { weight: [7, 5] }],
  ],
  log_softmax: [
    [[6], [{ operator: 'log_softmax', name: 'log_softmax', inputs: ['x'], attributes: { dim: 1 } }]],
    [[3, 4, 5], [{ operator: 'log_softmax', name: 'log_softmax', inputs: ['x'], attributes: { dim: 1 } }]],
  ],
};

const { min, max } = FORMATS.onnx.options.opset;
const OPSETS = Array.from({ length: max - min + 1 }, (_, index) => min + index);

const GRAPHS = Object.entries(CASES).flatMap(([operator, cases]) =>
  cases.map(([sizes, nodes, shapes = {}]) => ({ label: `${operator} of [${sizes}]`, sizes, nodes, shapes })),
);

describe('onnxruntime and the evaluator agree', () => {
  it.each(GRAPHS)('about $label', async ({ sizes, nodes, shapes }) => {
    const inputs = new Set(nodes.flatMap((node) => [...node.inputs]));
    const weights = weightsOf(Object.fromEntries(Object.entries(shapes).filter(([name]) => inputs.has(name))));
    const graph = graphOf(['batch', ...sizes], nodes, weights);
    for (const opset of OPSETS) {
      const bytes = await modelBytes(lowerGraph(graph, { opset, metadata: {} }));
      for (const batch of [1, 3]) {
        const x = noise(batch * elementCount(sizes));
        const expected = await evaluate(graph, { x }, batch);
        const found = await runModel(bytes, { x: { data: x, shape: [batch, ...sizes] } });
        const differences = Array.from(expected['y'] ?? [], (y, i) => Math.abs(y - (found['y']?.[i] ?? Number.NaN)));
        expect(found['y']?.length).toBe(expected['y']?.length);
        expect(Math.max(...differences), `opset ${opset}, batch ${batch}`).toBeLessThanOrEqual(1e-5);
      }
    }
  });
});
