import { CONV, CONV_NORM_SHAPES, graphOf, NORM, weightsOf } from '@caissa/testing/graphs';
import { floats, noise, zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.js';
import type { Graph, GraphNode } from '../graph.js';
import { foldBatchNorm } from './fold-batch-norm.js';

const RELU: GraphNode<'relu'> = { operator: 'relu', name: 'relu', inputs: ['bn'], attributes: {} };
const WEIGHTS = weightsOf(CONV_NORM_SHAPES);
const x = noise(2 * 3 * 64);

const graph = graphOf(['batch', 3, 8, 8], [CONV, NORM, RELU], WEIGHTS);

async function difference(before: Graph): Promise<number> {
  const [expected, found] = [await evaluate(before, { x }, 2), await evaluate(foldBatchNorm(before), { x }, 2)];
  expect(found['y']?.length).toBe(expected['y']?.length);
  return Math.max(...Array.from(expected['y'] ?? [], (y, i) => Math.abs(y - (found['y']?.[i] ?? Number.NaN))));
}

describe('foldBatchNorm', () => {
  it('leaves a convolution with a bias that computes the same', async () => {
    const folded = foldBatchNorm(graph);
    expect(folded.nodes).toEqual([
      { ...CONV, inputs: ['x', 'conv.weight', 'conv.bias'] },
      { ...RELU, inputs: ['conv'] },
    ]);
    expect([...folded.weights.keys()]).toEqual(['conv.weight', 'conv.bias']);
    expect(folded.note).toBe("A test. Each convolution's weight and bias include the batch norm after it.");
    expect(await difference(graph)).toBeLessThanOrEqual(1e-6);
  });

  it("adds to a convolution's own bias, in groups too, and folds what gives an output", async () => {
    const conv: GraphNode = {
      ...CONV,
      inputs: ['x', 'conv.weight', 'own'],
      attributes: { ...CONV.attributes, groups: 3 },
    };
    const weights = weightsOf({ ...CONV_NORM_SHAPES, 'conv.weight': [6, 1, 3, 3], own: [6] });
    const six = Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [
        name,
        /^bn/.test(name) ? floats([6], noise(6).map(Math.abs)) : tensor,
      ]),
    );
    const grouped = graphOf(['batch', 3, 8, 8], [conv, NORM], six);
    expect(foldBatchNorm(grouped).outputs).toEqual([{ name: 'y', node: 'conv' }]);
    expect(await difference(grouped)).toBeLessThanOrEqual(1e-6);
  });

  it('leaves alone what something else needs', () => {
    const add: GraphNode = { operator: 'add', name: 'add', inputs: ['bn', 'conv'], attributes: {} };
    const twin: GraphNode = { ...CONV, name: 'twin' };
    const sum: GraphNode = { operator: 'add', name: 'add', inputs: ['bn', 'twin'], attributes: {} };
    const between: GraphNode = { ...RELU, inputs: ['conv'] };
    const late: GraphNode = { ...NORM, inputs: ['relu', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'] };
    for (const nodes of [
      [CONV, NORM, add],
      [CONV, NORM, twin, sum],
      [CONV, between, late],
    ]) {
      const kept = { ...graph, nodes, outputs: [{ name: 'y', node: nodes.at(-1)?.name ?? '' }] };
      expect(foldBatchNorm(kept)).toBe(kept);
    }
    const shown = { ...graph, outputs: [...graph.outputs, { name: 'maps', node: 'conv' }] };
    expect(foldBatchNorm(shown)).toBe(shown);
    const taken = graphOf(['batch', 3, 8, 8], [CONV, NORM], { ...WEIGHTS, 'conv.bias': zeros([1]) });
    expect(foldBatchNorm(taken)).toBe(taken);
  });
});
