import { CONV, graphOf } from '@caissa/testing/graphs';
import { floats, noise, zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';
import type { AttributesOf, GraphNode } from './graph.js';
import { inferShapes } from './infer-shapes.js';
import { OPERATORS } from './operators.js';

describe('conv2d', () => {
  it.each<AttributesOf<'conv2d'>>([
    { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 },
    { stride: [2, 1], padding: [0, 3], dilation: [1, 2], groups: 1 },
    { stride: [3, 2], padding: [2, 2], dilation: [2, 1], groups: 2 },
  ])('is the sum that it is defined as with $stride, $padding, $dilation, $groups', async (attributes) => {
    const { stride, padding, dilation, groups } = attributes;
    const [batch, channels, height, width, outChannels, rows, columns] = [2, 4, 7, 9, 6, 3, 2];
    const weights = noise((outChannels * channels * rows * columns) / groups, 5);
    const biases = noise(outChannels, 6);
    const graph = graphOf(
      ['batch', channels, height, width],
      [{ ...CONV, inputs: ['x', 'weight', 'bias'], attributes }],
      {
        weight: floats([outChannels, channels / groups, rows, columns], weights),
        bias: floats([outChannels], biases),
      },
    );
    const x = noise(batch * channels * height * width);
    const at = (image: number, channel: number, y: number, left: number) =>
      y < 0 || y >= height || left < 0 || left >= width
        ? 0
        : (x[((image * channels + channel) * height + y) * width + left] ?? Number.NaN);
    const [, , high, wide] = inferShapes(graph).get('conv')?.map(Number) ?? [];
    const expected: number[] = [];
    for (let image = 0; image < batch; image++) {
      for (let out = 0; out < outChannels; out++) {
        const first = Math.floor((out * groups) / outChannels) * (channels / groups);
        for (let place = 0; place < (high ?? 0) * (wide ?? 0); place++) {
          const top = Math.floor(place / (wide ?? 0)) * stride[0] - padding[0];
          const left = (place % (wide ?? 0)) * stride[1] - padding[1];
          let sum = biases[out] ?? Number.NaN;
          for (let i = 0; i < (channels / groups) * rows * columns; i++) {
            const [channel, row, column] = [
              Math.floor(i / (rows * columns)),
              Math.floor(i / columns) % rows,
              i % columns,
            ];
            const weight = weights[(out * channels * rows * columns) / groups + i] ?? Number.NaN;
            sum += weight * at(image, first + channel, top + row * dilation[0], left + column * dilation[1]);
          }
          expected.push(sum);
        }
      }
    }
    const { y } = await evaluate(graph, { x }, batch);
    expect(y?.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(y?.[i]).toBeCloseTo(value, 12);
  });

  it.each<[string, GraphNode<'conv2d'>['attributes'] | object, readonly number[], readonly number[]]>([
    ['other channels', {}, [3, 8, 8], [4, 2, 3, 3]],
    ['a bias of another length', {}, [3, 8, 8], [5, 3, 3, 3]],
    ['groups that do not divide', { groups: 3 }, [3, 8, 8], [4, 1, 3, 3]],
    ['a kernel larger than the image', { padding: [0, 0] }, [3, 8, 2], [4, 3, 3, 3]],
    ['no stride', { stride: [0, 1] }, [3, 8, 8], [4, 3, 3, 3]],
    ['an image of one axis', {}, [3, 8], [4, 3, 3, 3]],
    ['a kernel of three axes', {}, [3, 8, 8], [4, 3, 3]],
  ])('does not take %s', (_, attributes, image, weight) => {
    const node = {
      ...CONV,
      inputs: ['x', 'weight', 'bias'],
      attributes: { ...CONV.attributes, ...attributes },
    } as const;
    const graph = graphOf(['batch', ...image], [node], { weight: zeros(weight), bias: zeros([4]) });
    expect(() => inferShapes(graph)).toThrow('conv2d "conv" that does not take [batch, ');
  });
});

describe('log_softmax', () => {
  it('is over one axis, whatever comes after it, and does not overflow', async () => {
    const node = { operator: 'log_softmax', name: 'scores', inputs: ['x'], attributes: { dim: 1 } } as const;
    const { y } = await evaluate(graphOf(['batch', 2, 3], [node]), { x: Float32Array.of(1, 1000, 3, 2, 1000, 1) }, 1);
    const two = Math.log(1 + Math.E);
    const expected = [-two, -Math.LN2, 2 - Math.log(1 + Math.exp(2)), 1 - two, -Math.LN2, -Math.log(1 + Math.exp(2))];
    for (const [i, value] of expected.entries()) expect(y?.[i]).toBeCloseTo(value, 12);
  });
});

describe('linear', () => {
  it('reads a weight of several pieces', async () => {
    const weights = noise(700 * 1000);
    const node = { operator: 'linear', name: 'fc', inputs: ['x', 'weight'], attributes: {} } as const;
    const graph = graphOf(['batch', 1000], [node], { weight: floats([700, 1000], weights) });
    const x = noise(2000, 9);
    const { y } = await evaluate(graph, { x }, 2);
    for (const [row, out] of [
      [0, 0],
      [0, 263],
      [1, 699],
    ] as const) {
      const sum = weights
        .subarray(out * 1000, (out + 1) * 1000)
        .reduce((sum, w, i) => sum + w * (x[row * 1000 + i] ?? 0), 0);
      expect(y?.[row * 700 + out]).toBeCloseTo(sum, 10);
    }
  });
});

describe('the shapes of the other operators', () => {
  it.each([
    [
      'add',
      [
        ['batch', 2],
        ['batch', 3],
      ],
      {},
    ],
    [
      'linear',
      [
        ['batch', 2, 5],
        [7, 5],
      ],
      {},
    ],
    [
      'linear',
      [
        ['batch', 5],
        [7, 4],
      ],
      {},
    ],
    ['linear', [['batch', 5], [7, 5], [6]], {}],
    ['flatten', [[2, 'batch', 3]], { start_dim: 1 }],
    ['log_softmax', [['batch', 5]], { dim: 0 }],
    ['log_softmax', [['batch', 5]], { dim: 2 }],
    ['batch_norm', [['batch', 5], [5], [5], [5], [4]], { eps: 1e-5 }],
    ['batch_norm', [['batch'], [5], [5], [5], [5]], { eps: 1e-5 }],
  ] as const)('%s does not take %j', (operator, shapes, attributes) => {
    const { shape } = OPERATORS[operator];
    expect(Reflect.apply(shape, undefined, [shapes, attributes])).toBeUndefined();
  });
});
