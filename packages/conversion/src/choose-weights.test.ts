import { type PickleValue, PyDict, PyObject, PyTuple } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { SMALL, saved, smallStateDict } from '@caissa/testing/small-checkpoint';
import { floats } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { chooseWeights } from './choose-weights.js';
import { findWeights } from './find-weights.js';
import { openCheckpoint } from './open-checkpoint.js';
import type { WeightSet } from './readers.js';

const dict = (entries: Record<string, PickleValue>) => new PyDict(Object.entries(entries));

const open = async (root: PickleValue, weights?: string) =>
  openCheckpoint(await saved(root), weights === undefined ? {} : { weights });

/** A network whose value head ends in this number, by which it is known again. */
function marked(bias: number, prefix = ''): PyDict {
  return smallStateDict(prefix).set(`${prefix}value_fc2.bias`, floats([1], [bias]));
}

function both(one: PyDict, other: PyDict): PyDict {
  return new PyDict([...one, ...other]);
}

async function taken(root: PickleValue, weights?: string) {
  const { network, warnings } = await open(root, weights);
  const { storage, offset } = network.tensors.get('value_fc2.bias') ?? {};
  const bytes = new Uint8Array(4);
  await storage?.source.readInto(bytes, storage.offsetBytes + 4 * (offset ?? 0));
  return { mark: new Float32Array(bytes.buffer)[0], warnings };
}

describe('the weights of a file with several networks', () => {
  it.each<[string, PickleValue, string]>([
    ['raw before averaged', dict({ ema: marked(2), net: marked(1) }), 'net'],
    ['raw before averaged, in words', dict({ swa_model: marked(2), AveragedNet: marked(3), net: marked(1) }), 'net'],
    ["training code's keys before others", dict({ best: marked(2), state_dict: marked(1) }), 'state_dict'],
    ['raw before delayed', dict({ target_net: marked(2), policy_net: marked(1) }), 'policy_net'],
    ['a raw one in one state dict', both(marked(2, 'ema_model.'), marked(1, 'model.')), ':model.'],
  ])('are %s', async (_, root, path) => {
    const { mark, warnings } = await taken(root);
    expect(mark).toBe(1);
    expect(warnings).toEqual([
      expect.stringContaining(`The file holds several networks. The one at "${path}" was taken; `),
    ]);
  });

  it('are those at the path that is asked for', async () => {
    const root = dict({ model: both(marked(1, 'net.'), marked(2, 'target_net.')), swa: dict({ module: marked(3) }) });
    const { warnings } = await taken(root);
    expect(warnings).toEqual([
      'The file holds several networks. The one at "model:net." was taken; to take another, set the option weights to ' +
        '"model:target_net." or "swa.module".',
    ]);
    expect(await taken(root, 'model')).toEqual({ mark: 1, warnings: [] });
    expect(await taken(root, 'model:target_net.')).toEqual({ mark: 2, warnings: [] });
    expect(await taken(root, 'swa.module')).toEqual({ mark: 3, warnings: [] });
  });

  it.each<[string, PickleValue, string]>([
    ['under two keys', dict({ white: marked(1), black: marked(2) }), '"white" and "black"'],
    ['in a tuple', new PyTuple([marked(1), marked(2)]), '"[0]" and "[1]"'],
    ['in one state dict', dict({ model: both(marked(1, 'a.'), marked(2, 'b.')) }), '"model:a." and "model:b."'],
    ['both averages', dict({ ema: marked(1), swa: marked(2) }), '"ema" and "swa"'],
  ])('are not guessed where none is more likely: %s', async (_, root, paths) => {
    await expect(open(root)).rejects.toMatchObject({
      code: 'ARCHITECTURE_UNKNOWN',
      message: `The file holds several networks, at ${paths}; set the option weights to one of these paths.`,
    });
  });

  it('count once where they are the very same tensors', async () => {
    const stateDict = marked(1);
    const copy = new PyDict([...stateDict].map(([name, tensor]) => [`module.${name}`, tensor]));
    expect((await open(dict({ model: stateDict, state_dict: copy }))).warnings).toEqual([]);
  });

  it('are those of the best of several places where one dict stands', async () => {
    const shared = marked(1);
    const root = dict({ ema_state_dict: shared, model_state_dict: shared, previous: marked(2) });
    const { mark, warnings } = await taken(root);
    expect(mark).toBe(1);
    expect(warnings).toEqual([
      expect.stringContaining('The one at "model_state_dict" was taken; to take another, set'),
    ]);
    expect(await taken(root, 'ema_state_dict')).toEqual({ mark: 1, warnings: [] });
  });

  it('are refused with a list of what there is', async () => {
    const root = dict({ net: marked(1), heads: dict({ a: smallStateDict().get('conv_input.bias') ?? null }) });
    const { size } = marked(1);
    const found = `It holds tensors at "net" (${size}) and "heads" (1); set the option weights to one of these paths.`;
    await expect(open(root, 'best')).rejects.toMatchObject({
      code: 'ARCHITECTURE_UNKNOWN',
      message: `The file has no weights at "best". ${found}`,
    });
    await expect(open(root, 'heads')).rejects.toMatchObject({
      code: 'ARCHITECTURE_UNKNOWN',
      message: expect.stringMatching(
        /^The state dict of 1 tensors \("a"\) has no conv_input.weight.*; set the option/s,
      ),
    });
  });

  it('are the first that is whole, and what was passed over is told', async () => {
    const half = new PyDict([...smallStateDict()].slice(0, 10));
    const { warnings } = await open(dict({ model_state_dict: half, last: smallStateDict() }));
    expect(warnings).toEqual([
      expect.stringMatching(/^The weights at "model_state_dict" were passed over: The checkpoint lacks \d+ of the/),
    ]);
    await expect(open(dict({ model_state_dict: half, step: 3 }))).rejects.toMatchObject({
      message: expect.stringMatching(/^The checkpoint lacks \d+ of the \d+ tensors .*\.$/),
    });
  });

  it('are refused for a tensor that cannot be read, unless it stands elsewhere', async () => {
    const quantised = new PyObject('torch._utils._rebuild_qtensor');
    const says = 'is quantised; save the state dict of the floating-point network that it was made from';
    const setOf = (tensors: PyDict, name: string): WeightSet => {
      const entries = [...tensors].map(([key, tensor]) => [key as string, tensor as Tensor] as const);
      return { path: '', rank: 0, tensors: new Map(entries), unreadable: new Map([[name, says]]), native: undefined };
    };
    const missing = marked(1);
    missing.delete('policy_fc.weight');
    const [set] = findWeights(missing.set('policy_fc.weight', quantised));
    expect(set?.unreadable).toEqual(new Map([['policy_fc.weight', says]]));
    for (const each of [setOf(missing, 'policy_fc.weight'), setOf(marked(1), 'gate.weight')]) {
      expect(() => chooseWeights([each])).toThrow(
        expect.objectContaining({
          code: 'ARCHITECTURE_MISMATCH',
          message: expect.stringContaining(`weight" ${says}.`),
        }),
      );
    }
    expect(chooseWeights([setOf(marked(1, 'model.'), 'critic.weight')]).warnings).toEqual([]);
  });

  it('are refused where a bias is not a tensor', async () => {
    const root = dict({ model_state_dict: marked(1).set('value_fc2.bias', null) });
    await expect(open(root)).rejects.toMatchObject({
      code: 'ARCHITECTURE_MISMATCH',
      message: '"value_fc2.bias" is not a tensor; save model.state_dict() as it is.',
    });
  });

  it('tell what was left out', async () => {
    const stateDict = marked(1, 'model.').set('criterion.pos_weight', floats([1], [2]));
    const { network, warnings } = await open(dict({ state_dict: stateDict }));
    expect(network.architecture).toMatchObject(SMALL);
    expect(warnings).toEqual(['"criterion.pos_weight" is not part of the network and was left out.']);
    const many = marked(1, 'model.');
    for (let i = 0; i < 20; i++) many.set(`metric.${i}`, floats([1], [2]));
    many.set('n'.repeat(100_000), floats([1], [2]));
    expect((await open(many)).warnings).toEqual([
      expect.stringMatching(/^"metric.0", .*"metric.7" and 13 more are not part of the network and were left out\.$/),
    ]);
  });
});
