import { FORMATS } from '@caissa/formats';
import { foldBatchNorm } from '@caissa/graph';
import { lowerGraph, writeModel } from '@caissa/onnx';
import { isContiguous, readFloat32, type StateDict } from '@caissa/tensor';
import {
  changed,
  computeNetwork,
  LIVELY,
  largestDifference,
  named,
  onnxBytes,
  runOnnx,
  SMALL,
  trainedStateDict,
} from '@caissa/testing/networks';
import { floats, tensorOf, withElement, zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { onnx } from '../../onnx/generated/onnx.js';
import { buildGraph } from './build-graph.js';
import type { NetworkOutputs } from './check-outputs.js';
import { encodePositions } from './encode-position.js';
import { inferArchitecture } from './infer-architecture.js';
import { INTERFACE_CARD } from './interface-card.js';
import { VERIFICATION_POSITIONS } from './verification-positions.js';

const OPSETS = FORMATS.onnx.options.opset;
const stateDict = trainedStateDict(LIVELY, 11);

function boards(batch: number): Float32Array {
  const fens = Array.from({ length: batch }, (_, i) => VERIFICATION_POSITIONS[i % VERIFICATION_POSITIONS.length] ?? '');
  return encodePositions(fens);
}

function expectAgreement(actual: NetworkOutputs, expected: NetworkOutputs): void {
  for (const output of ['policy', 'value'] as const) {
    expect(actual[output].length).toBe(expected[output].length);
    const excess = actual[output].map((x, i) => {
      const y = expected[output][i] ?? Number.NaN;
      return Math.abs(x - y) - 1e-5 - 1e-5 * Math.abs(y);
    });
    expect(excess.reduce((most, x) => Math.max(most, x), -1)).toBeLessThanOrEqual(0);
  }
}

async function refusal(changes: StateDict, weightsChecked = false): Promise<unknown> {
  return onnxBytes(inferArchitecture(changes), 11, { weightsChecked }).catch((error: unknown) => error);
}

describe('the ONNX model of a network', () => {
  it('computes at every opset what the state dict computes', async () => {
    const network = inferArchitecture(stateDict);
    const expected = await computeNetwork(network, boards(3), 3);
    for (let opset = OPSETS.min; opset <= OPSETS.max; opset++) {
      expectAgreement(await runOnnx(await onnxBytes(network, opset), boards(3), 3), expected);
    }
  });

  it('has every opset that the runtime runs', async () => {
    const model = onnx.ModelProto.decode(await onnxBytes(inferArchitecture(stateDict), OPSETS.max));
    model.opsetImport = [{ domain: '', version: OPSETS.max + 1 }];
    const newer = runOnnx(onnx.ModelProto.encode(model).finish(), boards(1), 1);
    await expect(newer).rejects.toThrow(`Current official support for domain ai.onnx is till opset ${OPSETS.max}`);
  });

  it.each([OPSETS.min, OPSETS.max])('computes any number of positions at opset %i', async (opset) => {
    const network = inferArchitecture(stateDict);
    const bytes = await onnxBytes(network, opset);
    for (const batch of [1, 32]) {
      expectAgreement(await runOnnx(bytes, boards(batch), batch), await computeNetwork(network, boards(batch), batch));
    }
  });

  it('computes the same without biases, and with weights that are strided views', async () => {
    const bare = new Map([...stateDict].filter(([name]) => !/(?:conv|fc)\w*\.bias$/.test(name)));
    const weight = named(stateDict, 'policy_fc.weight');
    const values = await readFloat32(weight);
    const transposed = floats(
      [64, 4096],
      values.map((_, i) => values[(i % 4096) * 256 + Math.floor(i / 4096)] ?? 0),
    );
    const view = { ...transposed, shape: [4096, 256], stride: [1, 4096] };
    expect(isContiguous(view)).toBe(false);
    const network = inferArchitecture(changed(bare, { 'policy_fc.weight': view }));
    const bytes = await onnxBytes(network, 11);
    const expected = await computeNetwork(inferArchitecture(bare), boards(3), 3);
    expectAgreement(await runOnnx(bytes, boards(3), 3), expected);
    expectAgreement(await computeNetwork(network, boards(3), 3), expected);
  });

  it('is tested with a network whose outputs depend on the position and on every layer', async () => {
    const layers = [...stateDict.keys()].filter((name) => /(conv\w*|fc\d?)\.weight$/.test(name));
    expect(layers.length).toBe(10);
    const all = await computeNetwork(inferArchitecture(stateDict), boards(2), 2);
    expect(all.policy.subarray(0, 4096)).not.toEqual(all.policy.subarray(4096));
    expect(all.value[0]).not.toBe(all.value[1]);
    for (const name of layers) {
      const silenced = changed(stateDict, { [name]: zeros(named(stateDict, name).shape) });
      const outputs = await computeNetwork(inferArchitecture(silenced), boards(2), 2);
      expect(largestDifference(outputs, all), name).toBeGreaterThan(1e-3);
    }
  });

  it('takes the shape of any network of the family', async () => {
    const architecture = { ...LIVELY, channels: 5, blocks: 0, policyPlanes: 3, valuePlanes: 1, valueHidden: 9 };
    const network = inferArchitecture(trainedStateDict(architecture, 2));
    const outputs = await runOnnx(await onnxBytes(network, 11), boards(3), 3);
    expectAgreement(outputs, await computeNetwork(network, boards(3), 3));
  });

  it('names, attributes and metadata are explicit', async () => {
    const network = inferArchitecture(stateDict);
    const model = onnx.ModelProto.decode(await onnxBytes(network, 12, { metadata: { version: '7', note: 'ä' } }));
    // protobufjs decodes 64-bit integers to objects; Number() makes them what their type says they are.
    expect(Number(model.irVersion)).toBe(7);
    expect([model.producerName, model.producerVersion]).toEqual(['caissa', '0.1.0']);
    expect([...(model.graph?.input ?? []), ...(model.graph?.output ?? [])].map((value) => value.docString)).toEqual([
      INTERFACE_CARD.board,
      INTERFACE_CARD.policy,
      INTERFACE_CARD.value,
    ]);
    expect(model.opsetImport.map(({ version, domain }) => [domain ?? '', Number(version)])).toEqual([['', 12]]);
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([
      ['version', '7'],
      ['note', 'ä'],
    ]);
    const nodes = model.graph?.node ?? [];
    expect(nodes.slice(0, 5).map(({ name }) => name)).toEqual([
      'conv_input',
      'relu_input',
      'res_blocks.0.conv1',
      'res_blocks.0.relu1',
      'res_blocks.0.conv2',
    ]);
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
    expect(new Set(nodes.map(({ opType }) => opType))).toEqual(
      new Set(['Conv', 'Relu', 'Add', 'Flatten', 'Gemm', 'LogSoftmax', 'Tanh']),
    );
    for (const { name, attribute } of nodes.filter(({ opType }) => opType === 'Conv')) {
      const ints = Object.fromEntries(
        (attribute ?? []).map((a) => [a.name, a.type === 2 ? Number(a.i) : a.ints?.map(Number)]),
      );
      const [size, pad] = /^(policy|value)_conv$/.test(name ?? '') ? [1, 0] : [3, 1];
      expect(ints).toEqual({
        dilations: [1, 1],
        group: 1,
        kernel_shape: [size, size],
        pads: [pad, pad, pad, pad],
        strides: [1, 1],
      });
    }
    expect(model.graph?.initializer?.map(({ name }) => name)).toEqual(
      [...stateDict.keys()].filter((name) => !/bn/.test(name)),
    );
  });

  it('takes fully connected weights over bit by bit', async () => {
    const model = onnx.ModelProto.decode(await onnxBytes(inferArchitecture(stateDict), 11));
    for (const name of ['policy_fc.weight', 'value_fc2.bias']) {
      const initializer = model.graph?.initializer?.find((tensor) => tensor.name === name);
      const values = await readFloat32(named(stateDict, name));
      expect(Buffer.from(values.buffer).equals(initializer?.rawData ?? new Uint8Array(0))).toBe(true);
    }
  });

  it('rounds a folded weight once, from the exact product, in each of the pieces it is read in', async () => {
    // 1.4 MB of weights: a piece of 1 MiB ends in the middle of output channel 145.
    const wide = trainedStateDict({ ...SMALL, channels: 200, blocks: 1 }, 1);
    const model = onnx.ModelProto.decode(await onnxBytes(inferArchitecture(wide), 11));
    const folded = model.graph?.initializer?.find(({ name }) => name === 'res_blocks.0.conv2.weight')?.rawData;
    const [weight, scale, variance] = await Promise.all(
      ['conv2.weight', 'bn2.weight', 'bn2.running_var'].map((name) => readFloat32(named(wide, `res_blocks.0.${name}`))),
    );
    const expected = weight?.map((w, i) => {
      const channel = Math.floor(i / 1800);
      return w * ((scale?.[channel] ?? 0) / Math.sqrt((variance?.[channel] ?? 0) + 1e-5));
    });
    expect(Buffer.from(expected?.buffer ?? new ArrayBuffer(0)).equals(folded ?? new Uint8Array(0))).toBe(true);
    expect(
      (await onnxBytes(inferArchitecture(wide), 11, { weightsChecked: true })).equals(
        await onnxBytes(inferArchitecture(wide), 11),
      ),
    ).toBe(true);
  });

  it.each([
    ['policy_fc.weight', 64 * 256, 'policy_fc.weight holds NaN at [64, 0]'],
    ['value_fc2.bias', 0, 'value_fc2.bias holds NaN at [0]'],
    ['res_blocks.1.conv1.weight', 1, 'res_blocks.1.conv1.weight holds NaN at [0, 0, 0, 1]'],
    ['res_blocks.1.conv1.bias', 7, 'res_blocks.1.conv1.bias holds NaN at [7]'],
    ['policy_bn.running_mean', 0, 'policy_bn.running_mean holds NaN at [0]'],
    ['value_bn.weight', 1, 'value_bn.weight holds NaN at [1]'],
  ])('refuses NaN in %s while writing', async (name, index, message) => {
    const tensor = await withElement(named(stateDict, name), index, Number.NaN);
    expect(await refusal(changed(stateDict, { [name]: tensor }))).toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining(message),
    });
  });

  it('refuses a negative variance, and weights that only folding makes infinite', async () => {
    const variance = await withElement(named(stateDict, 'bn_input.running_var'), 2, -1);
    expect(await refusal(changed(stateDict, { 'bn_input.running_var': variance }))).toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining('bn_input.running_var is -1 at channel 2'),
    });
    const variances = await withElement(named(stateDict, 'bn_input.running_var'), 2, 0);
    const beyond = changed(stateDict, {
      'bn_input.weight': await withElement(named(stateDict, 'bn_input.weight'), 2, 2e36),
      'bn_input.running_var': variances,
    });
    expect(await refusal(beyond)).toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining('The scale of bn_input'),
    });
    const overflowing = changed(stateDict, {
      'bn_input.weight': await withElement(named(stateDict, 'bn_input.weight'), 2, 1e36),
      'bn_input.running_mean': await withElement(named(stateDict, 'bn_input.running_mean'), 2, 5),
      'bn_input.running_var': variances,
    });
    expect(await refusal(overflowing)).toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining('conv_input.bias with bn_input folded in'),
    });
    const withoutBias = changed(overflowing, {
      'conv_input.bias': undefined,
      'conv_input.weight': await withElement(named(stateDict, 'conv_input.weight'), 2 * 14 * 9, 5),
      'bn_input.running_mean': await withElement(named(stateDict, 'bn_input.running_mean'), 2, 0),
    });
    for (const weightsChecked of [false, true]) {
      expect(await refusal(withoutBias, weightsChecked)).toMatchObject({
        code: 'NON_FINITE_WEIGHTS',
        message: expect.stringContaining('conv_input.weight with bn_input folded in'),
      });
    }
  });

  it.each(['bfloat16', 'float64'] as const)('writes %s weights as the float32 numbers they are', async (dtype) => {
    const asFloat32 = new Map(stateDict);
    const stored = new Map(stateDict);
    for (const [name, tensor] of stateDict) {
      if (tensor.dtype !== 'float32') continue;
      // The upper half of a float32 is a bfloat16.
      const bits = new Uint32Array((await readFloat32(tensor)).buffer).map((word) => word & 0xffff_0000);
      const values = new Float32Array(bits.buffer);
      asFloat32.set(name, floats(tensor.shape, values));
      const narrow = Uint16Array.from(bits, (word) => word >>> 16);
      const bytes = new Uint8Array(dtype === 'bfloat16' ? narrow.buffer : Float64Array.from(values).buffer);
      stored.set(name, tensorOf(tensor.shape, dtype, bytes));
    }
    const [actual, expected] = [
      await onnxBytes(inferArchitecture(stored), 11),
      await onnxBytes(inferArchitecture(asFloat32), 11),
    ];
    expect(Buffer.compare(actual, expected)).toBe(0);
  });

  it('reads nothing before it is written', () => {
    const source = { sizeBytes: 1, readInto: () => Promise.reject(new Error('was read')) };
    const unreadable = new Map(
      [...stateDict].map(([name, tensor]) => [name, { ...tensor, storage: { ...tensor.storage, source } }]),
    );
    const model = lowerGraph(foldBatchNorm(buildGraph(inferArchitecture(unreadable))), { opset: 11, metadata: {} });
    return expect(writeModel({ write: async () => undefined }, model)).rejects.toThrow('was read');
  });
});
