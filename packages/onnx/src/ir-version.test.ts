import { FORMATS } from '@caissa/formats';
import { describe, expect, it } from 'vitest';
import { irVersionOf } from './ir-version.js';

describe('irVersionOf', () => {
  it('answers the IR version that ONNX released with each opset', () => {
    const opsets = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26];
    expect(opsets.map(irVersionOf)).toEqual([6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13, 13]);
  });

  it('knows every opset that may be asked for', () => {
    const { min, max } = FORMATS.onnx.options.opset;
    for (let opset = min; opset <= max; opset++) expect(irVersionOf(opset)).toBeGreaterThan(0);
    for (const beyond of [min - 1, max + 1]) expect(() => irVersionOf(beyond)).toThrow(RangeError);
  });

  it.each([10, 27, 12.5, Number.NaN])('refuses opset %s', (opset) => {
    expect(() => irVersionOf(opset)).toThrow(RangeError);
  });
});
