import { dictOf, OrderedDict, type PickleValue, PyDict, PyObject, PyTuple } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { attributesOf, ModuleReader } from './module-weights.js';
import { TensorSet } from './tensor-set.js';
import { pathInside } from './value-path.js';

/** Entries under which training code keeps a state dict, in the order they are tried. */
const STATE_DICT_KEYS: readonly PickleValue[] = ['model_state_dict', 'state_dict', 'model'];

/** Keys under which optimizers keep tensors that are as many as the weights, and named like them. */
const OPTIMIZER_KEY = /(?<![a-z])(?:optim(?:izers?)?|(?:exp|square)_avg|momentum|grad(?:s|ients?)?)(?![a-z])/i;

/** Nobody keeps weights deeper than this. */
const MAX_DEPTH = 32;

/** A set with fewer tensors than this is no network; of such as a replay buffer's, some are remembered to be named. */
const SMALL_SET = 8;
const MAX_SMALL_SETS = 64;

/** Tensors by name that stand in one place of a checkpoint. */
export interface FoundWeights {
  /** Where they stand: `model_state_dict`, `agents[0].net`; empty for the whole object. */
  readonly path: string;
  /** Index of the entry of {@link STATE_DICT_KEYS} that they stand under, or their number. */
  readonly rank: number;
  /** The dict, list or object that holds them. */
  readonly container: object;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Tensors that cannot be read, by name: what is to be said of each. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** A state dict's `_metadata`, which names the version of each layer's format, by module path as in the file. */
  readonly moduleVersions: PyDict | undefined;
  /** The epsilon of each batch norm by module path as in the file, where a whole module was saved. */
  readonly epsilons: ReadonlyMap<string, number>;
}

/**
 * Finds every set of tensors in a saved object: state dicts under any key, in dicts, lists, tuples and objects, and whole
 * modules. Those under the keys that training code uses come first, then those nearest to the top, in the file's order.
 * What belongs to an optimizer is passed over. Every container is looked at once.
 * @throws FormatError PICKLE_LIMIT
 */
export function findWeights(root: PickleValue): FoundWeights[] {
  const search = new WeightSearch();
  search.run(root);
  return search.found.sort((one, other) => one.rank - other.rank);
}

/** A container that is to be looked at. */
interface Place {
  readonly value: object;
  /** The place that it stands in, and under which key; none for the whole object. */
  readonly within: { readonly place: Place; readonly key: PickleValue } | undefined;
  readonly rank: number;
}

class WeightSearch {
  readonly found: FoundWeights[] = [];
  readonly #seen = new Set<object>();
  readonly #modules = new ModuleReader(this.#seen);
  #smallSets = 0;

  /** Level by level, so that of several paths to a container the shortest is found. */
  run(root: PickleValue): void {
    let level = this.#inner(root, undefined, STATE_DICT_KEYS.length);
    for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
      level = level.flatMap((place) => this.#visit(place, depth));
    }
  }

  /** The place of a container that was not seen yet and may hold tensors; else none. A file can hold a million that do not. */
  #inner(value: PickleValue, within: Place['within'], rank: number): Place[] {
    if (typeof value !== 'object' || value === null || isEmpty(value) || this.#seen.has(value)) return [];
    this.#seen.add(value);
    return holdsObjects(value) ? [{ value, within, rank }] : [];
  }

  #visit(place: Place, depth: number): Place[] {
    const { value, rank } = place;
    if (isOptimizer(value)) return [];
    // Before its entries: they are parts of it then, and no sets of their own.
    const module = this.#modules.read(value);
    if (module !== undefined) this.#keep(place, { ...module, moduleVersions: undefined });
    const inner: Place[] = [];
    const set = new TensorSet();
    for (const [key, item] of entriesOf(value)) {
      if (set.add(typeof key === 'string' ? key : pathInside('', key), item)) continue;
      if (typeof key === 'string' && OPTIMIZER_KEY.test(key)) continue;
      const keyRank = depth === 0 ? STATE_DICT_KEYS.indexOf(key) : -1;
      inner.push(...this.#inner(item, { place, key }, keyRank < 0 ? rank : keyRank));
    }
    const { tensors, unreadable } = set;
    this.#keep(place, { tensors, unreadable, moduleVersions: moduleVersionsOf(value), epsilons: new Map() });
    return inner;
  }

  #keep(place: Place, set: Omit<FoundWeights, 'path' | 'rank' | 'container'>): void {
    // Arrays alone are metadata, unless they are named as weights are.
    if (set.tensors.size === 0 && ![...set.unreadable.keys()].some((name) => name.endsWith('.weight'))) return;
    if (set.tensors.size + set.unreadable.size < SMALL_SET && ++this.#smallSets > MAX_SMALL_SETS) return;
    this.found.push({ ...set, path: pathOf(place), rank: place.rank, container: place.value });
  }
}

function pathOf({ within }: Place): string {
  return within === undefined ? '' : pathInside(pathOf(within.place), within.key);
}

/** What a container holds by key: items of a dict, a list or a tuple; arguments, attributes and items of an object. */
function* entriesOf(value: object): Generator<readonly [key: PickleValue, value: PickleValue]> {
  if (value instanceof PyDict) yield* value;
  else if (Array.isArray(value)) yield* value.entries();
  else if (value instanceof PyTuple) yield* value.items.entries();
  else if (value instanceof PyObject) {
    yield* value.args.entries();
    for (const attributes of attributesOf(value)) yield* attributes;
    yield* value.dict ?? [];
    yield* value.list?.entries() ?? [];
  }
}

function isEmpty(value: object): boolean {
  return entriesOf(value).next().done === true;
}

function holdsObjects(value: object): boolean {
  for (const [, item] of entriesOf(value)) if (typeof item === 'object' && item !== null) return true;
  return false;
}

/** Whether it is what `torch.optim` makes its state dicts of, or one of its objects. */
export function isOptimizer(value: unknown): boolean {
  const dicts = value instanceof PyObject ? attributesOf(value) : [value];
  return dicts.some((dict) => dict instanceof PyDict && dict.has('state') && dict.has('param_groups'));
}

function moduleVersionsOf(value: object): PyDict | undefined {
  const dicts =
    value instanceof OrderedDict ? [value.attributes] : value instanceof PyObject ? attributesOf(value) : [];
  return dictOf(dicts.map((dict) => dict.get('_metadata')).find((versions) => versions !== undefined));
}
