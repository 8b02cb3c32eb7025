import { readFileSync } from 'node:fs';
import { BufferSource } from '@caissa/bytes';
import { evaluate } from '@caissa/graph';
import { isTensor, type PickleValue, PyDict, readCheckpoint } from '@caissa/pytorch';
import type { StateDict, Tensor } from '@caissa/tensor';
import { computeNetwork, onnxBytes, runOnnx, SMALL } from '@caissa/testing/networks';
import { describe, expect, it } from 'vitest';
import type { NetworkTensors } from './architecture.js';
import { checkDeclared } from './check-architecture.js';
import type { NetworkOutputs } from './check-outputs.js';
import { inferArchitecture } from './infer-architecture.js';
import { referenceGraph } from './reference-graph.js';

/** What PyTorch computed from each fixture; numbers are float32 in base64. */
interface Expected {
  readonly input_shape: readonly number[];
  readonly input: string;
  readonly files: Readonly<Record<string, { readonly policy: string; readonly value: string }>>;
}

const fixtures = new URL('../../../tests/fixtures/', import.meta.url);

function numbers(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

async function readNetwork(path: string): Promise<NetworkTensors> {
  const { root } = await readCheckpoint(new BufferSource(readFileSync(new URL(path, fixtures))));
  const checkpoint = asDict(root);
  const network = inferArchitecture(stateDictOf(checkpoint.get('model_state_dict') ?? root));
  const declared = checkpoint.get('architecture');
  const entries = declared instanceof PyDict ? [...declared] : [];
  expect(checkDeclared(network.architecture, Object.fromEntries(entries))).toEqual([]);
  return network;
}

function stateDictOf(value: PickleValue): StateDict {
  const stateDict = new Map<string, Tensor>();
  for (const [name, tensor] of asDict(value)) {
    if (typeof name === 'string' && isTensor(tensor)) stateDict.set(name, tensor);
  }
  return stateDict;
}

function asDict(value: PickleValue): PyDict {
  if (value instanceof PyDict) return value;
  throw new Error('not a dict');
}

/** Positions 0, 1 … of the three that PyTorch was given, over and over. */
function repeated(rows: Float32Array, batch: number): Float32Array {
  const size = rows.length / 3;
  const result = new Float32Array(batch * size);
  for (let b = 0; b < batch; b++) result.set(rows.subarray((b % 3) * size, ((b % 3) + 1) * size), b * size);
  return result;
}

/** Largest |x − y| ÷ (1e-5 + 1e-5·|y|): at most 1 when outputs agree. */
function disagreement(actual: NetworkOutputs, expected: NetworkOutputs): number {
  return Math.max(
    ...(['policy', 'value'] as const).map((output) => {
      expect(actual[output].length).toBe(expected[output].length);
      return actual[output].reduce((most, x, i) => {
        const y = expected[output][i] ?? Number.NaN;
        return Math.max(most, Math.abs(x - y) / (1e-5 + 1e-5 * Math.abs(y)));
      }, 0);
    }),
  );
}

describe.each(['1.13', '2.6', '2.13'])('checkpoints of PyTorch %s', (version) => {
  const expected: Expected = JSON.parse(readFileSync(new URL(`torch-${version}/expected.json`, fixtures), 'utf8'));
  const boards = numbers(expected.input);

  it('come with three positions and what ten files make of them', () => {
    expect(expected.input_shape).toEqual([3, 14, 8, 8]);
    expect(Object.keys(expected.files).length).toBe(10);
  });

  it.each(Object.keys(expected.files))('%s: the graph, the reference and ONNX agree with PyTorch', async (file) => {
    const network = await readNetwork(`torch-${version}/${file}`);
    expect(network.architecture).toMatchObject(SMALL);
    const policy = numbers(expected.files[file]?.policy ?? '');
    const value = numbers(expected.files[file]?.value ?? '');
    expect(disagreement(await computeNetwork(network, boards, 3), { policy, value })).toBeLessThanOrEqual(1);
    const reference = await evaluate(referenceGraph(network), { board_input: boards }, 3);
    const judged = {
      policy: Float32Array.from(reference['policy_output'] ?? []),
      value: Float32Array.from(reference['value_output'] ?? []),
    };
    expect(disagreement(judged, { policy, value })).toBeLessThanOrEqual(1);
    // All opsets for the plain checkpoint; the other files differ in how they store the weights, not in the graph.
    for (const opset of file === 'checkpoint.pt' ? [11, 13, 17, 21] : [11]) {
      const bytes = await onnxBytes(network, opset);
      for (const batch of [1, 3, 32]) {
        const outputs = await runOnnx(bytes, repeated(boards, batch), batch);
        const wanted = { policy: repeated(policy, batch), value: repeated(value, batch) };
        expect(disagreement(outputs, wanted), `opset ${opset}, batch ${batch}`).toBeLessThanOrEqual(1);
      }
    }
  });
});
