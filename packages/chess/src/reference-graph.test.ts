import { evaluate } from '@caissa/graph';
import { changed, LIVELY, trainedStateDict } from '@caissa/testing/networks';
import { expect, it } from 'vitest';
import { buildGraph } from './build-graph.js';
import { inferArchitecture } from './infer-architecture.js';
import { referenceGraph } from './reference-graph.js';
import { verificationBoards } from './verification-boards.js';

const stateDict = trainedStateDict(LIVELY, 3);
const [board_input = new Float32Array(0)] = verificationBoards();

it.each([
  ['as it is', inferArchitecture(stateDict)],
  [
    'without biases',
    inferArchitecture(changed(stateDict, { 'conv_input.bias': undefined, 'policy_fc.bias': undefined })),
  ],
  ['without blocks', inferArchitecture(trainedStateDict({ ...LIVELY, blocks: 0 }, 4))],
])('a network %s has a reference that computes what its graph computes', async (_, network) => {
  const { value_score, ...outputs } = await evaluate(referenceGraph(network), { board_input }, 1);
  expect(outputs).toEqual(await evaluate(buildGraph(network), { board_input }, 1));
  expect(outputs['value_output']?.[0]).toBe(Math.tanh(value_score?.[0] ?? Number.NaN));
});

it('has the epsilon that is declared, and else 1e-5', () => {
  const network = inferArchitecture(stateDict);
  const declared = { ...network, architecture: { ...network.architecture, batchNormEpsilon: 0.25 } };
  const epsilons = [network, declared].map((one) => {
    const norms = referenceGraph(one).nodes.filter((node) => node.operator === 'batch_norm');
    return [...new Set(norms.map(({ attributes }) => attributes.eps))];
  });
  expect(epsilons).toEqual([[1e-5], [0.25]]);
});
