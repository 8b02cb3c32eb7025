import { FormatError } from '@caissa/bytes';
import { dictOf, type PickleValue, PyDict, PyObject, PySet, PyTuple } from '@caissa/pytorch';
import { singleValue } from './declared-values.js';
import { deviationOf } from './layer-settings.js';
import { TensorSet } from './tensor-set.js';

/** Entries of all saved modules, counted anew wherever one stands again: a network has some thousands. */
const MAX_ENTRIES = 100_000;

/** Characters that their names come to. */
const MAX_CHARACTERS = 32 << 20;

/** How deep modules stand in one another at most. */
const MAX_DEPTH = 64;

/** What a module that was saved as a whole holds, named as its `state_dict()` does. */
class ModuleWeights extends TensorSet {
  /** The epsilon of each batch norm, by the name of its `running_var`; NaN if it is no number. */
  readonly epsilons = new Map<string, number>();
  /** How convolutions differ from those of the family, by the name of their `weight`. */
  readonly deviations = new Map<string, string>();
}

/** The attributes that were saved of an object, each dict of them: those of `__dict__`, and those of `__slots__`. */
export function attributesOf({ state }: PyObject): PyDict[] {
  const parts = state instanceof PyTuple ? state.items : [state];
  return parts.filter((part) => part instanceof PyDict);
}

/** Reads modules that were saved as a whole: `torch.save(model)`. */
export class ModuleReader {
  readonly #seen: Set<object>;
  #entries = 0;
  #characters = 0;

  /** @param seen gets the modules inside those that were read, and what they keep their parts in */
  constructor(seen: Set<object>) {
    this.#seen = seen;
  }

  /**
   * Returns what a module holds, and undefined for what is none.
   * @throws FormatError PICKLE_LIMIT if modules hold themselves or absurdly much
   */
  read(value: object): ModuleWeights | undefined {
    const parts = partsOf(value);
    if (parts === undefined) return undefined;
    const weights = new ModuleWeights();
    this.#addModule(weights, parts, '', 0);
    return weights;
  }

  #addModule(weights: ModuleWeights, parts: ModuleParts, prefix: string, depth: number): void {
    if (depth > MAX_DEPTH) throw tooMuch();
    const { parameters, buffers, modules, attributes } = parts;
    for (const dict of [parameters, buffers, modules]) this.#seen.add(dict);
    this.#addTensors(weights, parameters, prefix);
    this.#addTensors(weights, buffers, prefix, attributes.get('_non_persistent_buffers_set'));
    if (buffers.has('running_var') && attributes.has('eps')) {
      const epsilon = singleValue(attributes.get('eps') ?? null);
      weights.epsilons.set(`${prefix}running_var`, typeof epsilon === 'number' ? epsilon : Number.NaN);
    }
    const deviation = parameters.has('weight') ? deviationOf(attributes) : undefined;
    if (deviation !== undefined) weights.deviations.set(`${prefix}weight`, deviation);
    this.#spend(modules.size, 0);
    for (const [name, module] of modules) {
      const inner = typeof module === 'object' && module !== null ? partsOf(module) : undefined;
      if (typeof name !== 'string' || inner === undefined) continue;
      this.#seen.add(module as object);
      this.#addModule(weights, inner, `${prefix}${name}.`, depth + 1);
    }
  }

  #addTensors(weights: ModuleWeights, dict: PyDict, prefix: string, notPersistent?: PickleValue): void {
    const leftOut = notPersistent instanceof PySet ? notPersistent : undefined;
    this.#spend(dict.size + (leftOut?.size ?? 0), 0);
    const names = new Set(leftOut);
    for (const [name, tensor] of dict) {
      if (typeof name !== 'string' || names.has(name) || tensor === null) continue;
      this.#spend(0, prefix.length + name.length);
      weights.add(prefix + name, tensor);
    }
  }

  #spend(entries: number, characters: number): void {
    this.#entries += entries;
    this.#characters += characters;
    if (this.#entries > MAX_ENTRIES || this.#characters > MAX_CHARACTERS) throw tooMuch();
  }
}

function tooMuch(): FormatError {
  return new FormatError('PICKLE_LIMIT', `Modules in the file hold themselves, or more than ${MAX_ENTRIES} parts.`);
}

interface ModuleParts {
  readonly parameters: PyDict;
  readonly buffers: PyDict;
  readonly modules: PyDict;
  readonly attributes: PyDict;
}

/** What `torch.nn.Module` keeps its parts in; undefined for what is no module. */
function partsOf(value: object): ModuleParts | undefined {
  if (!(value instanceof PyObject)) return undefined;
  for (const attributes of attributesOf(value)) {
    const parameters = dictOf(attributes.get('_parameters'));
    const buffers = dictOf(attributes.get('_buffers'));
    const modules = dictOf(attributes.get('_modules'));
    if (parameters && buffers && modules) return { parameters, buffers, modules, attributes };
  }
  return undefined;
}
