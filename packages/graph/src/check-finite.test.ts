import type { Tensor } from '@caissa/tensor';
import { CONV, CONV_NORM_SHAPES, graphOf, NORM, weightsOf } from '@caissa/testing/graphs';
import { floats, tensorOf, withElement } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { checkFinite, checkVariances } from './check-finite.js';
import type { Graph, GraphNode } from './graph.js';

const FLATTEN: GraphNode = { operator: 'flatten', name: 'flatten', inputs: ['bn'], attributes: { start_dim: 1 } };
const LINEAR: GraphNode = { operator: 'linear', name: 'fc', inputs: ['flatten', 'fc.weight'], attributes: {} };

/** The weight of the last layer takes more than one piece. */
const WEIGHTS = weightsOf({ ...CONV_NORM_SHAPES, 'fc.weight': [2100, 256] });

function graphWith(changes: Readonly<Record<string, Tensor>> = {}): Graph {
  return graphOf(['batch', 3, 8, 8], [CONV, NORM, FLATTEN, LINEAR], { ...WEIGHTS, ...changes });
}

async function graphWithElement(name: string, index: number, value: number): Promise<Graph> {
  const tensor = WEIGHTS[name];
  if (tensor === undefined) throw new Error(`no ${name}`);
  return graphWith({ [name]: await withElement(tensor, index, value) });
}

describe('checkFinite', () => {
  it('accepts sound weights', async () => {
    await expect(checkFinite(graphWith())).resolves.toBeUndefined();
  });

  it.each([
    ['fc.weight', 2099 * 256 + 255, Number.NaN, 'fc.weight holds NaN at [2099, 255]'],
    ['fc.weight', 17, Number.NaN, 'fc.weight holds NaN at [0, 17]'],
    ['conv.weight', 27 + 9 + 3 + 2, Number.POSITIVE_INFINITY, 'conv.weight holds Infinity at [1, 1, 1, 2]'],
    ['bn.bias', 0, Number.NEGATIVE_INFINITY, 'bn.bias holds -Infinity at [0]'],
    ['bn.running_var', 1, Number.NaN, 'bn.running_var holds NaN at [1]'],
    ['bn.running_var', 3, -2e-5, 'bn.running_var is -0.00001'],
    ['bn.running_var', 3, -1, 'bn.running_var is -1 at channel 3'],
  ])('names %s[%i] = %d', async (name, index, value, message) => {
    await expect(checkFinite(await graphWithElement(name, index, value))).rejects.toMatchObject({
      name: 'FormatError',
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining(message),
    });
  });

  it('accepts a variance of zero, and one that rounding left just below', async () => {
    await checkFinite(await graphWithElement('bn.running_var', 0, 0));
    await checkFinite(await graphWithElement('bn.running_var', 0, -1e-8));
  });

  it('looks at what a view shows, not at the rest of its storage', async () => {
    const storage = Float32Array.from([Number.NaN, 1, 2, 3, 4, Number.NaN]);
    const whole = tensorOf([6], 'float32', new Uint8Array(storage.buffer));
    const view = { ...whole, shape: [4], stride: [1], offset: 1 };
    await checkFinite(graphWith({ 'bn.bias': view }));
    const shifted = graphWith({ 'bn.bias': { ...view, offset: 2 } });
    await expect(checkFinite(shifted)).rejects.toThrow('bn.bias holds NaN at [3]');
  });

  it('refuses a float64 number that float32 cannot hold', async () => {
    const wide = tensorOf([4], 'float64', new Uint8Array(Float64Array.from([1, 1e300, 1, 1]).buffer));
    await expect(checkFinite(graphWith({ 'bn.bias': wide }))).rejects.toMatchObject({ code: 'NON_FINITE_WEIGHTS' });
  });

  it('stops when the signal says so', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(checkFinite(graphWith(), signal)).rejects.toThrow('cancelled');
  });
});

describe('checkVariances', () => {
  it('looks at variances only', async () => {
    await checkVariances(graphWith({ 'bn.bias': floats([4], [Number.NaN, 0, 0, 0]) }));
    const graph = await graphWithElement('bn.running_var', 0, -2);
    await expect(checkVariances(graph)).rejects.toThrow('bn.running_var is -2 at channel 0');
  });
});
