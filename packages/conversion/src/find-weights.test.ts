import {
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyDict,
  PyFloat,
  PyObject,
  PySet,
  PyTuple,
} from '@caissa/pytorch';
import { smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { findWeights } from './find-weights.js';

const weights = smallStateDict();
const tensor = weights.get('conv_input.bias') ?? null;

const dict = (entries: Record<string, PickleValue>) => new PyDict(Object.entries(entries));

function object(name: string, state: PickleValue): PyObject {
  const made = new PyObject(name);
  made.state = state;
  return made;
}

function module(parts: Record<string, PickleValue>, attributes: Record<string, PickleValue> = {}): PyObject {
  const { parameters = dict({}), buffers = dict({}), modules = dict({}) } = parts;
  return object('trainer.Net', dict({ _parameters: parameters, _buffers: buffers, _modules: modules, ...attributes }));
}

const pathsOf = (root: PickleValue) => findWeights(root).map(({ path }) => path);

describe('findWeights', () => {
  it.each<[string, PickleValue]>([
    ['', weights],
    ['model_state_dict', dict({ model_state_dict: weights })],
    ['network', dict({ step: 3, network: weights })],
    ['agent.net.weights', dict({ agent: dict({ net: dict({ weights }) }) })],
    ['[1]', new PyTuple([3, weights])],
    ['players[0].state', dict({ players: [dict({ state: weights })] })],
    ['args.weights', dict({ args: object('argparse.Namespace', dict({ weights })) })],
    ['run[0]', dict({ run: new PyObject('trainer.Run', [weights]) })],
    ['slots.net', dict({ slots: object('trainer.Slots', new PyTuple([null, dict({ net: weights })])) })],
    ['["my net"]["1.5"]', dict({ 'my net': dict({ '1.5': weights }) })],
  ])('finds a state dict at %j', (path, root) => {
    const found = findWeights(root);
    expect(found.map((set) => set.path)).toEqual([path]);
    expect([...(found[0]?.tensors ?? [])]).toEqual([...weights]);
  });

  it('takes the items of a subclass of dict, and the versions kept with either', () => {
    const versions = dict({ '': dict({ version: 1 }) });
    const subclass = object('trainer.StateDict', dict({ _metadata: versions }));
    subclass.dict = smallStateDict();
    expect(findWeights(subclass)).toMatchObject([{ path: '', moduleVersions: versions }]);
    const ordered = smallStateDict();
    ordered.attributes.set('_metadata', versions);
    expect(findWeights(dict({ net: ordered }))).toMatchObject([{ path: 'net', moduleVersions: versions }]);
  });

  it("puts those under training code's keys first, then the nearest, then the file's order", () => {
    const set = () => smallStateDict();
    const root = dict({ deep: dict({ net: set() }), b: set(), a: set(), model: set(), state_dict: dict({ x: set() }) });
    expect(pathsOf(root)).toEqual(['state_dict.x', 'model', 'b', 'a', 'deep.net']);
  });

  it('keeps nothing of a million containers that hold no tensors', () => {
    const held = () => process.memoryUsage().heapUsed;
    const leaves: PickleValue[] = Array.from({ length: 1_000_000 }, () => new PyDict());
    const before = held();
    expect(pathsOf(dict({ leaves, weights }))).toEqual(['weights']);
    expect(held() - before).toBeLessThan(64 << 20);
  });

  it('finds what stands in several places in each, by the best first', () => {
    const other = smallStateDict();
    const shared = dict({ net: weights });
    expect(pathsOf(dict({ ema: weights, model_state_dict: weights, previous: other }))).toEqual([
      ...['model_state_dict', 'ema', 'previous'],
    ]);
    expect(pathsOf(dict({ ema: weights, model: dict({ net: weights }), previous: other }))).toEqual([
      ...['model.net', 'ema', 'previous'],
    ]);
    expect(pathsOf(dict({ ema: shared, model: shared }))).toEqual(['model.net', 'ema.net']);
    const many = Array.from({ length: 100_000 }, () => shared);
    expect(pathsOf(dict({ shared, many }))).toHaveLength(65);
  });

  it('looks at each container once, also at those that hold themselves', () => {
    const list: PickleValue[] = [weights];
    list.push(list);
    const root = dict({ first: list, second: list, third: weights });
    expect(pathsOf(root)).toEqual(['third', 'first[0]']);
    let deep: PickleValue = weights;
    for (let depth = 0; depth < 1000; depth++) deep = [deep];
    expect(findWeights(deep)).toEqual([]);
  });

  it('passes over what an optimizer keeps by the names of the weights', () => {
    const keys = ['optimizer', 'optim_states', 'g_optimizer', 'exp_avg', 'exp_avg_sq', 'momentum_buffer', 'grads'];
    const entries = [...keys, 'optimistic', 'gradual'].map((key) => [key, dict({ net: smallStateDict() })] as const);
    expect(pathsOf(new PyDict(entries))).toEqual(['optimistic.net', 'gradual.net']);
  });

  it("passes over an optimizer's state", () => {
    const state = dict({ state: new PyDict([[0, dict({ exp_avg: tensor })]]), param_groups: [] });
    expect(pathsOf(dict({ adam: state, object: object('torch.optim.adam.Adam', state), net: weights }))).toEqual([
      'net',
    ]);
  });

  it('remembers only some of the many small sets that a replay buffer holds', () => {
    const replay = Array.from({ length: 10_000 }, () => dict({ board: tensor, policy: tensor }));
    const found = findWeights(dict({ replay, net: dict({ inner: weights }) }));
    expect(found.length).toBe(65);
    expect(found.map(({ path }) => path)).toContain('net.inner');
  });

  it('remembers tensors that cannot be read, and no arrays that are metadata', () => {
    const array = new NumpyArray('numpy');
    const arrays = dict({ 'conv_input.weight': array, 'conv_input.bias': array });
    const [set, ...others] = findWeights(dict({ curves: dict({ loss: array }), model: arrays }));
    expect(set).toMatchObject({ path: 'model', tensors: new Map() });
    expect(set?.unreadable.get('conv_input.weight')).toMatch(/^is a NumPy array; /);
    expect(others).toEqual([]);
    const kinds = [
      '_utils._rebuild_sparse_tensor',
      '_utils._rebuild_meta_tensor_no_storage',
      '_tensor._rebuild_from_type_v2',
    ];
    const found = findWeights(new PyDict(kinds.map((kind) => [`${kind}.weight`, new PyObject(`torch.${kind}`)])));
    expect([...(found[0]?.unreadable.values() ?? [])].map((says) => says.split(/[;,]/)[0])).toEqual([
      'is sparse',
      'is on the device meta and has no values',
      'is no plain tensor',
    ]);
  });

  it.each<[string, PickleValue]>([
    ['a float', new PyFloat(0.5)],
    ['an int', 1],
    ['a list', [new PyFloat(0.5)]],
    ['None', null],
    ['a NumPy number', new NumpyScalar('numpy', new NumpyDtype('f4'), new Uint8Array(4))],
    ['an object', new PyObject('trainer.Lazy', [tensor])],
  ])('remembers %s that stands under the name of a tensor', (_, value) => {
    const [found] = findWeights(smallStateDict().set('value_fc2.bias', value).set('epoch', 3));
    expect(found?.tensors.has('value_fc2.bias')).toBe(false);
    expect([...(found?.unreadable ?? [])]).toEqual([
      ['value_fc2.bias', 'is not a tensor; save model.state_dict() as it is'],
    ]);
    expect(findWeights(dict({ 'loss.weight': value, net: weights })).map(({ path }) => path)).toContain('net');
  });

  it('does not take what a dict was made of for what it holds', () => {
    const made = new PyObject('trainer.StateDict', [weights]);
    expect(pathsOf(made)).toEqual(['[0]']);
    made.dict = dict({ 'value_fc2.bias': tensor });
    expect(findWeights(made)).toMatchObject([{ path: '', tensors: new Map([['value_fc2.bias', tensor]]) }]);
  });

  it('cuts keys in paths', () => {
    expect(pathsOf(dict({ ['k'.repeat(10_000)]: weights }))).toEqual([`["${'k'.repeat(100)}…"]`]);
  });
});

describe('a module that was saved as a whole', () => {
  it('gives what its state_dict() gives', () => {
    const norm = module(
      { parameters: dict({ weight: tensor, bias: null }), buffers: dict({ running_var: tensor, hidden: tensor }) },
      { eps: new PyFloat(1e-3), _non_persistent_buffers_set: new PySet(['hidden']) },
    );
    const root = module({
      parameters: new OrderedDict([['scale', tensor]]),
      modules: dict({ bn: norm, again: norm, none: null, body: module({ modules: dict({ '0': norm }) }) }),
    });
    const found = findWeights(dict({ model: root, parts: [norm] }));
    expect(found.map(({ path }) => path)).toEqual(['model']);
    expect([...(found[0]?.tensors.keys() ?? [])]).toEqual([
      'scale',
      ...['bn.weight', 'bn.running_var', 'again.weight', 'again.running_var'],
      ...['body.0.weight', 'body.0.running_var'],
    ]);
    expect(found[0]?.epsilons).toEqual(new Map(['bn', 'again', 'body.0'].map((path) => [`${path}.running_var`, 1e-3])));
  });

  it.each<[PickleValue, number]>([
    [1, 1],
    [0, 0],
    ['1e-3', Number.NaN],
    [[1e-3], Number.NaN],
  ])('tells an epsilon of %j as %d', (eps, expected) => {
    const [found] = findWeights(module({ buffers: dict({ 'm.running_var': tensor, running_var: tensor }) }, { eps }));
    expect(found?.epsilons).toEqual(new Map([['running_var', expected]]));
  });

  it.each<[Record<string, PickleValue>, string | undefined]>([
    [
      { stride: new PyTuple([1, 1]), padding: new PyTuple([1, 1]), dilation: new PyTuple([1, 1]), groups: 1 },
      undefined,
    ],
    [{ padding: 'same', padding_mode: 'zeros' }, undefined],
    [{ padding_mode: 'circular' }, 'padding_mode "circular", and "zeros" is expected'],
    [{ dilation: new PyTuple([1, 2]) }, 'dilation [1,2], and 1 is expected'],
    [{ stride: new PyTuple([2, 2]) }, 'stride [2,2], and 1 is expected'],
    [{ groups: 2 }, 'groups 2, and 1 is expected'],
    [{ padding: new PyTuple([0, 0]) }, 'padding [0,0], and 1 is expected'],
    [{ padding: 'valid' }, 'padding "valid", and 1 is expected'],
  ])('tells how a convolution with %j differs from those of the family', (attributes, says) => {
    const parts = { parameters: dict({ weight: tensor, bias: tensor }) };
    const conv = module(parts, { kernel_size: new PyTuple([3, 3]), ...attributes });
    const [found] = findWeights(module({ modules: dict({ conv_input: conv }) }));
    const expected = says === undefined ? [] : [['conv_input.weight', `is of a convolution with ${says}`]];
    expect([...(found?.deviations ?? [])]).toEqual(expected);
  });

  it('has no tensor where it has None, and an unreadable one where it has anything else', () => {
    const [found] = findWeights(module({ parameters: dict({ weight: tensor, bias: null, 'a.weight': 'text' }) }));
    expect([...(found?.unreadable.keys() ?? [])]).toEqual(['a.weight']);
  });

  it('is refused when it holds itself, or grows without end', () => {
    const modules = dict({});
    modules.set('self', module({ modules }));
    expect(() => findWeights(module({ modules }))).toThrow(expect.objectContaining({ code: 'PICKLE_LIMIT' }));
    let wide = module({ parameters: dict({ weight: tensor }) });
    for (let depth = 0; depth < 50; depth++) wide = module({ modules: dict({ a: wide, b: wide }) });
    expect(() => findWeights(wide)).toThrow(expect.objectContaining({ code: 'PICKLE_LIMIT' }));
  });
});
