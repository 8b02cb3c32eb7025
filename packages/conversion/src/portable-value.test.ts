import {
  NumpyDtype,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyComplex,
  PyDict,
  PyFloat,
  PyTuple,
  TorchSize,
} from '@caissa/pytorch';
import { describe, expect, it } from 'vitest';
import { portableValue } from './portable-value.js';

describe('portableValue', () => {
  it('keeps what every PyTorch reads', () => {
    const value = new PyDict([
      ['list', [1, 2n ** 70n, new PyFloat(1), null, true, 'x']],
      ['tuple', new PyTuple([1, new TorchSize([2, 3])])],
      [3, new OrderedDict([['a', 1]])],
    ]);
    expect(portableValue(value)).toEqual(value);
  });

  it('turns a NumPy scalar into a plain number', () => {
    const bytes = new Uint8Array(new Float64Array([0.25]).buffer);
    const scalar = new NumpyScalar('numpy._core.multiarray', new NumpyDtype('f8'), bytes);
    expect(portableValue([scalar])).toEqual([new PyFloat(0.25)]);
  });

  it('turns what JSON cannot hold into a text', () => {
    expect(typeof portableValue(new PyComplex(1, 2))).toBe('string');
  });

  it('copies a value that is named again and again only once', () => {
    let value: PickleValue[] = ['x'];
    for (let depth = 0; depth < 100; depth++) value = [value, value];
    const copy = portableValue(value) as PickleValue[];
    expect(copy[0]).toBe(copy[1]);
  });
});
