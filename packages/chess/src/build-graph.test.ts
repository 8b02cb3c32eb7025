import { changed, computeNetwork, SMALL, trainedStateDict } from '@caissa/testing/networks';
import { floats } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { checkOutputs } from './check-outputs.js';
import { encodePositions } from './encode-position.js';
import { inferArchitecture } from './infer-architecture.js';
import { initialStateDict } from './initial-state-dict.js';
import { VERIFICATION_POSITIONS } from './verification-positions.js';

const boards = encodePositions(VERIFICATION_POSITIONS);
const batch = VERIFICATION_POSITIONS.length;

describe('buildGraph', () => {
  it('gives probabilities and values that pass the checks', async () => {
    const outputs = await computeNetwork(inferArchitecture(trainedStateDict(SMALL, 5)), boards, batch);
    expect(checkOutputs(outputs, batch).problems).toEqual([]);
  });

  it('computes each position by itself', async () => {
    const network = inferArchitecture(trainedStateDict(SMALL, 5));
    const together = await computeNetwork(network, boards, batch);
    const third = await computeNetwork(network, boards.subarray(2 * 14 * 64, 3 * 14 * 64), 1);
    expect(third.policy).toEqual(together.policy.subarray(2 * 4096, 3 * 4096));
    expect(third.value).toEqual(together.value.subarray(2, 3));
  });

  it('computes by hand what a network of one channel does', async () => {
    const architecture = {
      channels: 1,
      blocks: 1,
      planes: 1,
      policyPlanes: 1,
      valuePlanes: 1,
      valueHidden: 1,
      policySize: 2,
    };
    const kernel = (values: readonly number[]) => floats([1, 1, 3, 3], values);
    const one = (value: number) => floats([1], [value]);
    const pick = (square: number, factor: number) => Array.from({ length: 64 }, (_, i) => (i === square ? factor : 0));
    const norm = (name: string, mean: number, variance: number, weight: number, bias: number) => ({
      [`${name}.running_mean`]: one(mean),
      [`${name}.running_var`]: one(variance - 1e-5),
      [`${name}.weight`]: one(weight),
      [`${name}.bias`]: one(bias),
    });
    const stateDict = changed(initialStateDict(architecture, 1), {
      // Each square takes twice what stands one rank below and one file to the left.
      'conv_input.weight': kernel([2, 0, 0, 0, 0, 0, 0, 0, 0]),
      'conv_input.bias': one(1),
      ...norm('bn_input', 1, 4, 1, 0),
      'res_blocks.0.conv1.weight': kernel([0, 0, 0, 0, 3, 0, 0, 0, 0]),
      'res_blocks.0.conv1.bias': one(0),
      ...norm('res_blocks.0.bn1', 0, 1, 1, -1),
      'res_blocks.0.conv2.weight': kernel([0, 0, 0, 0, 1, 0, 0, 0, 0]),
      'res_blocks.0.conv2.bias': one(0),
      ...norm('res_blocks.0.bn2', 0, 1, -1, 0.5),
      'policy_conv.weight': floats([1, 1, 1, 1], [1]),
      'policy_conv.bias': one(0),
      ...norm('policy_bn', 0, 1, 1, 0),
      'policy_fc.weight': floats([2, 64], [...pick(9, 1), ...pick(0, 1)]),
      'policy_fc.bias': floats([2], [0, 0.25]),
      'value_conv.weight': floats([1, 1, 1, 1], [1]),
      'value_conv.bias': one(0),
      ...norm('value_bn', 0, 1, 1, 0),
      'value_fc1.weight': floats([1, 64], pick(9, 2)),
      'value_fc1.bias': one(-0.5),
      'value_fc2.weight': floats([1, 1], [1]),
      'value_fc2.bias': one(0.125),
    });
    const board = new Float32Array(64);
    board[0] = 1;
    const outputs = await computeNetwork(inferArchitecture(stateDict), board, 1);
    // b2 after the input: (2·1 + 1 − 1) / √4 = 1; the block: relu(3·1 − 1) = 2, −2 + 0.5 + 1 < 0, so 0.
    // Every other square: 0; the block: relu(−1) = 0, 0.5 + 0 = 0.5.
    const scores = [0, 0.5 + 0.25];
    const sum = Math.log(Math.exp(0) + Math.exp(0.75));
    expect(outputs.policy[0]).toBeCloseTo(-sum, 6);
    expect(outputs.policy[1]).toBeCloseTo((scores[1] ?? 0) - sum, 6);
    expect(outputs.value[0]).toBeCloseTo(Math.tanh(0.125), 6);
  });

  it('refuses boards of another size', async () => {
    const network = inferArchitecture(initialStateDict(SMALL, 1));
    await expect(computeNetwork(network, boards, 1)).rejects.toThrow(RangeError);
  });
});
