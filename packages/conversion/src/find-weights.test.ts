import { NumpyArray, OrderedDict, type PickleValue, PyDict, PyFloat, PyObject, PySet, PyTuple } from '@caissa/pytorch';
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

  it('looks at each container once, also at those that hold themselves', () => {
    const list: PickleValue[] = [weights];
    list.push(list);
    const root = dict({ first: list, second: list, third: weights });
    expect(pathsOf(root)).toEqual(['third']);
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
    expect(found[0]?.epsilons).toEqual(new Map(['bn', 'again', 'body.0'].map((path) => [path, 1e-3])));
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
