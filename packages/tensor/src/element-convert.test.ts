import { FormatError } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import type { DType } from './dtype.js';
import { convertToFloat32 } from './element-convert.js';

const ALL_PATTERNS = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

/** binary16 to binary32 by moving bits, which is another way than the one tested. Source: IEEE 754-2019, 3.4 */
function halfBitsToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  let exponent = (half >> 10) & 0x1f;
  let fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f80_0000 | (fraction << 13)) >>> 0;
  if (exponent === 0) {
    if (fraction === 0) return sign >>> 0;
    exponent = 1;
    while ((fraction & 0x400) === 0) {
      fraction <<= 1;
      exponent--;
    }
    fraction &= 0x3ff;
  }
  return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
}

function convert(dtype: DType, bytes: Uint8Array, count: number): Float32Array {
  const target = new Float32Array(count);
  convertToFloat32(dtype, bytes, target);
  return target;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

describe('float16', () => {
  it('is exact for every pattern, signed zeros and subnormals included', () => {
    const values = convert('float16', bytesOf(ALL_PATTERNS), 65_536);
    const expected = new Float32Array(Uint32Array.from(ALL_PATTERNS, halfBitsToFloatBits).buffer);
    const wrong = [...ALL_PATTERNS].filter((bits) => !Object.is(values[bits], expected[bits]));
    expect(wrong).toEqual([]);
  });

  it('has the values that the standard names', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0xfc00, 0x8000);
    const values = convert('float16', bytesOf(bits), 7);
    expect([...values]).toEqual([1, -2, 65_504, 2 ** -24, Infinity, -Infinity, -0]);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32 for every pattern', () => {
    const values = convert('bfloat16', bytesOf(ALL_PATTERNS), 65_536);
    const bits = new Uint32Array(values.buffer);
    expect([...ALL_PATTERNS].filter((pattern) => bits[pattern] !== pattern * 65_536)).toEqual([]);
  });
});

describe('other types', () => {
  it('rounds float64 to the nearest float32', () => {
    const doubles = Float64Array.of(0.1, 1e300, -1e-300, 16_777_217, Number.NaN);
    expect([...convert('float64', bytesOf(doubles), 5)]).toEqual([...doubles].map(Math.fround));
  });

  it.each([
    ['int8', Int8Array.of(-128, 127)],
    ['uint8', Uint8Array.of(0, 255)],
    ['bool', Uint8Array.of(0, 1)],
    ['int16', Int16Array.of(-32_768, 32_767)],
    ['int32', Int32Array.of(-(2 ** 31), 16_777_216)],
    ['int64', BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 62n, 4_294_967_295n, 4_294_967_296n, -4_294_967_297n)],
  ] as const)('converts %s', (dtype, values) => {
    expect([...convert(dtype, bytesOf(values), values.length)]).toEqual([...values].map((v) => Math.fround(Number(v))));
  });

  it('reads bytes at any address', () => {
    const shifted = new Uint8Array(17);
    shifted.set(bytesOf(Float64Array.of(1.5, -2.5)), 1);
    expect([...convert('float64', shifted.subarray(1), 2)]).toEqual([1.5, -2.5]);
  });

  it.each(['complex64', 'complex128'] as const)('refuses %s', (dtype) => {
    expect(() => convert(dtype, new Uint8Array(16), 1)).toThrow(
      expect.objectContaining({ constructor: FormatError, code: 'ARCHITECTURE_MISMATCH' }),
    );
  });
});
