import {
  NumpyArray,
  NumpyDtype,
  type PickleValue,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PyTuple,
} from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { boundWarnings } from './bound-warnings.js';
import { warningsAbout } from './describe-losses.js';
import { findMetadata } from './find-metadata.js';
import { findWeights } from './find-weights.js';

const stateDict = smallStateDict();
const weight = stateDict.get('conv_input.weight') as PickleValue;
const bias = stateDict.get('value_fc2.bias') as Tensor;
const loss = { ...bias, shape: [], stride: [] };
const large = { ...bias, shape: [4097], stride: [0] };

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

  it('leaves out optimizers and random states without a word, and names other data of the training', () => {
    const optimizer = new PyDict([
      ['state', new PyDict([[0, new PyTuple([weight])]])],
      ['param_groups', []],
    ]);
    const adam = new PyObject('torch.optim.adam.Adam');
    adam.state = optimizer;
    const root = smallRoot(stateDict)
      .set('optimizer_state_dict', optimizer)
      .set('optimizer_states', [optimizer])
      .set('np_rng_state', new PyTuple(['MT19937', [1]]))
      .set('optim', adam)
      .set('buffer', [large, large])
      .set(
        'gradients',
        new PyDict([
          ['a.weight', large],
          ['b.weight', large],
        ]),
      )
      .set('agents', [new PyDict([['net', smallStateDict()]])]);
    const found = find(root);
    expect([...found.metadata.keys()]).toEqual(['version', 'training_date', 'win_rate']);
    expect(found.leftOut).toEqual(['optim', 'buffer', 'gradients']);
  });

  it.each<[string, PickleValue]>([
    ['optimizer_name', 'AdamW'],
    ['optimizer', 'adam'],
    ['optim', 'sgd'],
    ['optimizer_lr', new PyFloat(1e-3)],
    ['optimizer_config', new PyDict([['betas', new PyTuple([new PyFloat(0.9)])]])],
    ['optimizer', new PyDict([['param_groups', []]])],
    ['rng_seed', 42],
    ['rng_state', 'MT19937'],
    ['losses', Array.from({ length: 100 }, () => loss)],
    ['curve', [bias, bias]],
  ])('keeps what is no state of the training, whatever its name: %s', (key, value) => {
    const { metadata, leftOut } = find(smallRoot(stateDict).set(key, value));
    expect(metadata.get(key)).toBe(value);
    expect(leftOut).toEqual([]);
    const own = new PyDict([[key, value]]);
    expect(find(smallRoot(stateDict).set('metadata', own)).metadata).toEqual(own);
  });

  it('keeps what stands around data of the training, and describes a large tensor in its place', () => {
    const args = new PyObject('argparse.Namespace');
    args.state = new PyDict([
      ['table', large],
      ['games', 10],
    ]);
    const config = new PyDict([
      ['lr', 1],
      ['table', large],
      ['args', args],
      ['buffer', [large]],
    ]);
    const agents = [
      new PyDict([
        ['net', smallStateDict()],
        ['elo', 1500],
      ]),
      smallStateDict(),
    ];
    const root = smallRoot(stateDict).set('config', config).set('agents', agents);
    const { metadata, leftOut } = find(root);
    const table = new PyDict([
      ['shape', new PyTuple(large.shape)],
      ['dtype', 'float32'],
    ]);
    const kept = metadata.get('config') as PyDict;
    expect([...kept.keys()]).toEqual(['lr', 'table', 'args']);
    expect(kept.get('table')).toEqual(table);
    expect((kept.get('args') as PyObject).state).toEqual(
      new PyDict([
        ['table', table],
        ['games', 10],
      ]),
    );
    expect(metadata.get('agents')).toEqual([new PyDict([['elo', 1500]])]);
    expect(leftOut).toEqual(['config.table', 'config.args.table', 'config.buffer']);
  });

  it('bounds the tensors of all entries together', () => {
    const root = smallRoot(stateDict);
    for (let at = 0; at < 100; at++) root.set(`k${at}`, [{ ...large, shape: [4096] }]);
    expect(find(root).leftOut).toHaveLength(100 - 16);
  });

  it('says nothing of another key of the same weights', () => {
    const { metadata, leftOut } = find(smallRoot(stateDict).set('net', stateDict).set('best', [stateDict]));
    expect([metadata.has('net'), metadata.has('best'), leftOut]).toEqual([false, false, []]);
  });

  it('finds what is said twice, and otherwise', () => {
    const twice = new PyDict([
      ['version', 1],
      ['lr', new PyFloat(0.5)],
      ['tags', ['x']],
    ]);
    const root = smallRoot(stateDict).set('metadata', twice).set('version', 2).set('lr', new PyFloat(0.5));
    const { metadata, contradicted } = find(root.set('tags', ['x']));
    expect(metadata).toEqual(twice);
    expect(contradicted).toEqual(['version']);
  });

  it('looks at many sets of tensors in no time', () => {
    const nets = Array.from({ length: 5000 }, () => {
      return new PyDict(Array.from({ length: 8 }, (_, at) => [`l${at}.weight`, bias] as const));
    });
    const root = smallRoot(stateDict);
    for (const [at, net] of nets.entries())
      root.set(
        `net${at}`,
        new PyDict([
          ['net', net],
          ['big', large],
        ]),
      );
    const found = findWeights(root);
    const started = performance.now();
    findMetadata(root, found);
    expect(performance.now() - started).toBeLessThan(1000);
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
  const about = (metadata: PyDict, leftOut: string[] = [], contradicted: PickleValue[] = []) =>
    warningsAbout({ metadata, architecture: undefined, leftOut, contradicted });

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
      'buffer holds training data, which is not exported.',
    ]);
  });

  it('says what is described of tensors of other kinds and of calls', () => {
    const metadata = new PyDict([
      ['q', new PyObject('torch._utils._rebuild_qtensor', [1])],
      ['s', new PyObject('torch._utils._rebuild_sparse_tensor', [1])],
      ['x', new PyObject('trainer.make', [1])],
    ]);
    expect(about(metadata, [], ['version'])).toEqual([
      'metadata.version and version differ: the first is exported, the second is not.',
      'q is a quantised tensor: its shape is kept, its values are not.',
      's is a sparse tensor: its shape is kept, its values are not.',
      'x is what trainer.make(…) would return: only the call is described.',
    ]);
  });

  it('says which arrays are described alone, and shows built-in names without a module', () => {
    const array = (code: string, shape: number[]) =>
      Object.assign(new NumpyArray('numpy.core.multiarray'), { dtype: new NumpyDtype(code), shape });
    const metadata = new PyDict([
      ['large', array('u2', [4097])],
      ['small', array('u2', [4])],
      ['tensor', array('f4', [4097])],
      ['wide', array('c32', [1])],
      ['dots', new PyGlobal('__builtin__.Ellipsis')],
      ['args', new PyObject('argparse.Namespace')],
    ]);
    expect(about(metadata)).toEqual([
      'large is an array of uint16: its shape and a digest are kept, its values are not.',
      'wide is an array of complex256: its shape and a digest are kept, its values are not.',
      'dots is Ellipsis itself, of which only the name is carried.',
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
