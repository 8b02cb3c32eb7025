import {
  fromJson,
  isTensor,
  OrderedDict,
  type PickleValue,
  PyDict,
  PyFloat,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
  toJson,
} from '@caissa/pytorch';

/**
 * A value of a checkpoint as every PyTorch since 1.13 reads it with `weights_only=True`. What that refuses (NumPy's
 * values above all, which training code puts into metadata without noticing) becomes what JSON makes of it.
 */
export function portableValue(value: PickleValue): PickleValue {
  return new PortableCopy().of(value);
}

class PortableCopy {
  /** A value that is named many times is copied once: unfolding could take for ever. */
  readonly #done = new Map<object, PickleValue>();

  of(value: PickleValue): PickleValue {
    if (typeof value !== 'object' || value === null) return value;
    const done = this.#done.get(value);
    if (done !== undefined) return done;
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof PyDict) return this.#dict(value);
    const copy = this.#leaf(value);
    this.#done.set(value, copy);
    return copy;
  }

  #leaf(value: PickleValue & object): PickleValue {
    if (value instanceof PyTuple) return new PyTuple(value.items.map((item) => this.of(item)));
    const kept = [PyFloat, TorchSize, TorchDevice, TorchDtype].some((kind) => value instanceof kind);
    return kept || isTensor(value) ? value : fromJson(toJson(value));
  }

  #list(items: PickleValue[]): PickleValue {
    const copy: PickleValue[] = [];
    this.#done.set(items, copy);
    for (const item of items) copy.push(this.of(item));
    return copy;
  }

  #dict(dict: PyDict): PickleValue {
    const copy = dict instanceof OrderedDict ? new OrderedDict() : new PyDict();
    this.#done.set(dict, copy);
    for (const [key, value] of dict) copy.set(this.of(key), this.of(value));
    return copy;
  }
}
