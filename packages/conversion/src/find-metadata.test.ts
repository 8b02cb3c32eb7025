import { type PickleValue, PyDict, PyFloat, PyGlobal, PyObject, PyTuple } from '@caissa/pytorch';
import { smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { boundWarnings } from './bound-warnings.js';
import { warningsAbout } from './describe-losses.js';
import { findMetadata } from './find-metadata.js';
import { findWeights } from './find-weights.js';

const stateDict = smallStateDict();
const weight = stateDict.get('conv_input.weight') as PickleValue;
const bias = stateDict.get('value_fc2.bias') as PickleValue;

const find = (root: PickleValue) => findMetadata(root, findWeights(root));

describe('findMetadata', () => {
  it('takes what stands beside the weights, and first of all what stands under metadata', () => {
    const root = smallRoot(stateDict).set('epoch', 5).set('loss', bias).set('version', 8);
    const { metadata, architecture, leftOut } = find(root);
    expect([...metadata.keys()]).toEqual(['version', 'training_date', 'win_rate', 'epoch', 'loss']);
    expect(metadata.get('version')).toBe(7);
    expect(architecture).toBe(root.get('architecture'));
    expect(leftOut).toEqual([]);
  });

  it.each<[string, PickleValue]>([
    ['a text', 'trained on 4 GPUs'],
    ['an object of arguments', new PyObject('trainer.Run', [1])],
  ])('keeps %s under metadata as it is', (_name, value) => {
    const { metadata } = find(smallRoot(stateDict).set('metadata', value).set('architecture', 'resnet'));
    expect(metadata).toEqual(
      new PyDict([
        ['metadata', value],
        ['architecture', 'resnet'],
      ]),
    );
  });

  it('takes the attributes of an object for its entries', () => {
    const args = new PyObject('argparse.Namespace');
    args.state = new PyDict([['games', 10]]);
    const { metadata } = find(smallRoot(stateDict).set('metadata', args));
    expect(metadata).toEqual(args.state);
  });

  it('leaves out the data of a training, and without a word other networks and what an optimizer remembers', () => {
    const optimizer = new PyDict([['state', new PyDict([[0, new PyTuple([weight])]])]]);
    const root = smallRoot(stateDict)
      .set('optimizer_state_dict', optimizer)
      .set('optimizer', new PyDict([['param_groups', []]]))
      .set('np_rng_state', 'MT19937')
      .set('optim', new PyObject('torch.optim.adam.Adam'))
      .set('buffer', [weight])
      .set('agents', [new PyDict([['net', smallStateDict()]])]);
    const found = find(root);
    expect([...found.metadata.keys()]).toEqual(['version', 'training_date', 'win_rate']);
    expect(found.leftOut).toEqual(['optim', 'buffer']);
  });

  it('takes what stands among the tensors of a bare state dict', () => {
    const mixed = smallStateDict().set('epoch', 3);
    expect(find(mixed).metadata).toEqual(new PyDict([['epoch', 3]]));
    expect(find([stateDict]).metadata.size).toBe(0);
  });

  it('leaves out weights that stand under metadata', () => {
    const own = new PyDict([
      ['model', smallStateDict()],
      ['version', 7],
    ]);
    expect([...find(smallRoot(stateDict).set('metadata', own)).metadata.keys()]).toEqual(['version']);
  });

  it('looks once at what is named in many places, and at what contains itself', () => {
    const many: PickleValue[] = Array.from({ length: 10_000 }, () => 1);
    many.push(many);
    const root = smallRoot(stateDict);
    for (let at = 0; at < 10_000; at++) root.set(`k${at}`, [many]);
    expect(find(root).metadata.size).toBe(10_003);
  });
});

describe('warningsAbout', () => {
  const about = (metadata: PyDict, leftOut: PickleValue[] = []) =>
    warningsAbout({ metadata, architecture: undefined, leftOut });

  it('names objects with their place, and what is left out', () => {
    const optimizer = new PyObject('torch.optim.adam.Adam');
    const config = new PyDict([
      ['phase', new PyObject('trainer.Phase', [1])],
      ['acts', [new PyGlobal('torch.nn.ReLU'), optimizer, optimizer]],
      ['odd name', new PyObject('evil\u001b[31m')],
    ]);
    expect(about(new PyDict([['config', config]]), ['buffer'])).toEqual([
      'config.phase is a trainer.Phase: it is kept as plain values, not as an object.',
      'config["odd name"] is a "evil\\u001b[31m": it is kept as plain values, not as an object.',
      'config.acts[0] is torch.nn.ReLU itself, of which only the name is carried.',
      'config.acts[1] is a torch.optim.adam.Adam: it is kept as plain values, not as an object.',
      'buffer is data of the training, which is not carried.',
    ]);
  });

  it('says nothing of plain values', () => {
    expect(about(new PyDict([['a', [1, new PyFloat(2), new PyTuple(['x'])]]]))).toEqual([]);
  });

  it('counts what it does not name', () => {
    const objects = Array.from({ length: 200_000 }, () => new PyObject('x.Y'));
    const warnings = boundWarnings(about(new PyDict([['list', objects]])));
    expect(warnings).toHaveLength(20);
    expect(warnings.at(-1)).toBe('There are 99980 more warnings, which are not listed here.');
  });
});
