import { dictOf, OrderedDict, type PickleValue, PyDict, PyObject } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { entriesOf, holdsObjects, isEmpty } from './container-entries.js';
import { attributesOf, ModuleReader } from './module-weights.js';
import { NOT_A_TENSOR, TensorSet } from './tensor-set.js';
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

/** What stands in several places is found in each; so many places are remembered, and so many sets are found again. */
const MAX_OTHER_PLACES = 10_000;
const MAX_FOUND_AGAIN = 64;

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

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
  /** The epsilon of each batch norm by the name of its `running_var`, where a whole module was saved. */
  readonly epsilons: ReadonlyMap<string, number>;
  /** How convolutions differ from those of the family by the name of their `weight`, where a whole module was saved. */
  readonly deviations: ReadonlyMap<string, string>;
}

/**
 * Finds every set of tensors in a saved object: state dicts under any key, in dicts, lists, tuples and objects, and whole
 * modules. Those under the keys that training code uses come first, then those nearest to the top, in the file's order.
 * What belongs to an optimizer is passed over. Every container is looked at once, and what stands in several places has
 * several paths.
 * @throws FormatError PICKLE_LIMIT
 */
export function findWeights(root: PickleValue): FoundWeights[] {
  const search = new WeightSearch();
  search.run(root);
  return [...search.found, ...search.foundAgain()]
    .map(({ place, set }) => ({ ...set, path: pathOf(place), rank: place.rank, container: place.value }))
    .sort((one, other) => one.rank - other.rank);
}

/** A container that is to be looked at. */
interface Place {
  readonly value: object;
  /** The place that it stands in, and under which key; none for the whole object. */
  readonly within: { readonly place: Place; readonly key: PickleValue } | undefined;
  readonly rank: number;
}

interface FoundSet {
  readonly place: Place;
  readonly set: Omit<FoundWeights, 'path' | 'rank' | 'container'>;
}

class WeightSearch {
  readonly found: FoundSet[] = [];
  readonly #seen = new Set<object>();
  /** Places of containers but for the first of each. */
  readonly #otherPlaces = new Map<object, Place[]>();
  #otherPlacesLeft = MAX_OTHER_PLACES;
  readonly #modules = new ModuleReader(this.#seen);
  #smallSets = 0;

  /** Level by level, so that of several paths to a container the shortest is found. */
  run(root: PickleValue): void {
    let level = this.#inner(root, undefined, STATE_DICT_KEYS.length);
    for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
      level = level.flatMap((place) => this.#visit(place, depth));
    }
  }

  /** Large sets that were found, in the other places that they, or what they stand in, have. */
  foundAgain(): FoundSet[] {
    const again: FoundSet[] = [];
    for (const { place, set } of this.found) {
      if (set.tensors.size < SMALL_SET) continue;
      for (const other of this.#otherPlacesOf(place)) {
        if (again.length === MAX_FOUND_AGAIN) return again;
        again.push({ place: other, set });
      }
    }
    return again;
  }

  *#otherPlacesOf(place: Place): Generator<Place> {
    for (const other of this.#otherPlaces.get(place.value) ?? []) yield other;
    if (place.within === undefined) return;
    const { value, within } = place;
    for (const outer of this.#otherPlacesOf(within.place)) {
      yield { value, within: { place: outer, key: within.key }, rank: outer.rank };
    }
  }

  /** The place of a container that was not seen yet and may hold tensors; else none. A file can hold a million that do not. */
  #inner(value: PickleValue, within: Place['within'], rank: number): Place[] {
    if (typeof value !== 'object' || value === null || isEmpty(value)) return [];
    const place = { value, within, rank };
    if (this.#seen.has(value)) {
      this.#addOtherPlace(place);
      return [];
    }
    this.#seen.add(value);
    return holdsObjects(value) ? [place] : [];
  }

  #addOtherPlace(place: Place): void {
    if (this.#otherPlacesLeft-- <= 0) return;
    const others = this.#otherPlaces.get(place.value);
    if (others === undefined) this.#otherPlaces.set(place.value, [place]);
    else others.push(place);
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
    this.#keep(place, {
      tensors,
      unreadable,
      moduleVersions: moduleVersionsOf(value),
      epsilons: NONE,
      deviations: NONE,
    });
    return inner;
  }

  #keep(place: Place, set: FoundSet['set']): void {
    // Arrays alone are metadata, unless they are named as weights are.
    if (set.tensors.size === 0 && ![...set.unreadable].some(isWeight)) return;
    if (set.tensors.size + set.unreadable.size < SMALL_SET && ++this.#smallSets > MAX_SMALL_SETS) return;
    this.found.push({ place, set });
  }
}

function isWeight([name, says]: readonly [string, string]): boolean {
  return name.endsWith('.weight') && says !== NOT_A_TENSOR;
}

function pathOf({ within }: Place): string {
  return within === undefined ? '' : pathInside(pathOf(within.place), within.key);
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
