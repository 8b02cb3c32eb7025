import { BufferSource, FileSource } from '@caissa/bytes';
import type { Graph } from '@caissa/graph';
import { fromJson, OrderedDict, type PickleValue, PyDict } from '@caissa/pytorch';
import { fixturePath } from '@caissa/testing/fixtures';
import { SMALL, saved, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from './open-checkpoint.js';

const open = async (root: PickleValue) => openCheckpoint(await saved(root));

describe('openCheckpoint', () => {
  it.each(['model_state_dict', 'state_dict', 'model'])('finds the state dict under %s', async (key) => {
    const { network, metadata } = await open(
      new PyDict([
        ['epoch', 3],
        [key, smallStateDict()],
      ]),
    );
    expect(network.architecture).toMatchObject(SMALL);
    expect(metadata).toEqual({ epoch: 3 });
  });

  it('finds a bare state dict, with or without other entries beside the tensors', async () => {
    expect((await open(smallStateDict())).network.architecture).toMatchObject(SMALL);
    const mixed = smallStateDict();
    mixed.set('epoch', 3);
    expect((await open(mixed)).network.architecture).toMatchObject(SMALL);
  });

  it('passes over a key of a state dict that holds none', async () => {
    const root = new PyDict([
      ['model_state_dict', new OrderedDict()],
      ['model', 'AlphaZero'],
      ['state_dict', smallStateDict()],
    ]);
    expect((await open(root)).network.architecture).toMatchObject(SMALL);
  });

  it('knows a network under any prefix', async () => {
    const { network } = await open(smallRoot(smallStateDict('module._orig_mod.')));
    expect(network.prefix).toBe('module._orig_mod.');
    expect([...network.tensors.keys()][0]).toBe('conv_input.weight');
  });

  it('refuses what holds no weights, and says what it holds', async () => {
    const none = new PyDict([['epoch', 3]]);
    await expect(open(none)).rejects.toMatchObject({
      code: 'NOT_A_CHECKPOINT',
      message: 'The file holds no weights, only "epoch" (a number); save {"model_state_dict": model.state_dict()}.',
    });
    await expect(open([1, 2])).rejects.toMatchObject({ code: 'NOT_A_CHECKPOINT' });
    await expect(openCheckpoint(new BufferSource(Buffer.from('not a zip')))).rejects.toMatchObject({
      code: 'NOT_A_CHECKPOINT',
    });
    await expect(openCheckpoint(new BufferSource(new Uint8Array(0)))).rejects.toMatchObject({ name: 'FormatError' });
  });

  it('refuses tensors without a name', async () => {
    const stateDict = smallStateDict();
    stateDict.set(1, stateDict.get('conv_input.bias') ?? null);
    await expect(open(smallRoot(stateDict))).rejects.toMatchObject({
      code: 'ARCHITECTURE_MISMATCH',
      message: expect.stringContaining('"[1]"'),
    });
  });

  it('warns of an architecture that the weights do not have, or refuses it when asked to', async () => {
    const root = smallRoot();
    root.set('architecture', fromJson({ num_channels: 128, num_res_blocks: '1' }));
    const sentence = 'The checkpoint declares num_channels 128, but its weights have 4.';
    expect((await open(root)).warnings).toEqual([sentence]);
    const strict = openCheckpoint(await saved(root), { strictArchitecture: true });
    await expect(strict).rejects.toMatchObject({ code: 'ARCHITECTURE_MISMATCH', message: sentence });
  });

  it('takes the epsilon that is declared, and warns of one that cannot be', async () => {
    const epsilonOf = (graph: Graph) => {
      const norms = graph.nodes.filter((node) => node.operator === 'batch_norm');
      return norms.map(({ attributes }) => (attributes as { eps: number }).eps);
    };
    const root = smallRoot();
    expect(new Set(epsilonOf((await open(root)).graph))).toEqual(new Set([1e-5]));
    root.set('architecture', fromJson({ num_channels: 4, norm: { eps: 1e-3 } }));
    const { graph, network, warnings } = await open(root);
    expect(new Set(epsilonOf(graph))).toEqual(new Set([1e-3]));
    expect(network.architecture.batchNormEpsilon).toBe(1e-3);
    expect(warnings).toEqual([]);
    root.set('architecture', fromJson({ num_channels: 4 }));
    const history = Array.from({ length: 10_000 }, (_, epoch) => epoch);
    root.set('config', fromJson({ history, norms: { bn_eps: 1e-4 } }));
    expect((await open(root)).network.architecture.batchNormEpsilon).toBe(1e-4);
    root.delete('config');
    root.set('architecture', fromJson({ bn_eps: 2 }));
    expect((await open(root)).warnings).toEqual([expect.stringContaining('"bn_eps" 2')]);
  });

  it('refuses a network of another interface', async () => {
    const other = smallStateDict('', { ...SMALL, policySize: 1858 });
    await expect(open(smallRoot(other))).rejects.toMatchObject({ code: 'ARCHITECTURE_MISMATCH' });
  });

  it('opens a module that was saved whole', async () => {
    const source = await FileSource.open(fixturePath('whole_module.pt'));
    const { network } = await openCheckpoint(source);
    expect(network.tensors.get('conv_input.weight')).toBeDefined();
    await source.close();
  });

  it.each([['torchscript.pt', 'TORCHSCRIPT']])('refuses %s by name', async (name, code) => {
    const source = await FileSource.open(fixturePath(name));
    await expect(openCheckpoint(source)).rejects.toMatchObject({ code });
    await source.close();
  });
});
