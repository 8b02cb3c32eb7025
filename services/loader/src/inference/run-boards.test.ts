import { GRAPH_NAMES } from '@caissa/chess';
import type { Session } from '@caissa/session';
import { expect, it } from 'vitest';
import { runBoards } from './run-boards.js';

function sessionThatGives(policy: Float32Array, value: Float32Array): Session {
  const outputs = {
    [GRAPH_NAMES.policy]: { data: policy, shape: [value.length, 4096] },
    [GRAPH_NAMES.value]: { data: value, shape: [value.length, 1] },
  };
  return { run: async () => outputs } as unknown as Session;
}

it('gives values from −1 to 1, though rounding went beyond', async () => {
  const values = Float32Array.of(1.0000002, -1.0000002, 0.5, Number.NaN);
  const session = sessionThatGives(new Float32Array(4 * 4096), values);
  const { value } = await runBoards(session, new Float32Array(4 * 14 * 64), 4);
  expect([...value]).toEqual([1, -1, 0.5, Number.NaN]);
});

it('refuses outputs of another size', async () => {
  const session = sessionThatGives(new Float32Array(4096), Float32Array.of(0));
  await expect(runBoards(session, new Float32Array(2 * 14 * 64), 2)).rejects.toMatchObject({ code: 'SESSION_FAILED' });
});
