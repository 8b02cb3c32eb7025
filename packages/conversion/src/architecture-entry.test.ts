import { fromJson, PyDict, PyFloat, PyTuple } from '@caissa/pytorch';
import { SMALL } from '@caissa/testing/small-checkpoint';
import { expect, it } from 'vitest';
import { architectureEntry } from './architecture-entry.js';

const SHAPES = { input_shape: [14, 8, 8], output_shapes: { policy: 4096, value: 1 } };

it.each([
  ['nothing', undefined],
  ['an empty dictionary', new PyDict()],
])('says what the weights are where %s is declared', (_name, declared) => {
  const expected = fromJson({ num_channels: 4, num_res_blocks: 1, ...SHAPES });
  expect(architectureEntry(SMALL, declared)).toEqual(expected);
});

it('keeps what is declared as it is, and adds the shapes', () => {
  const declared = fromJson({ num_channels: '4', num_res_blocks: 1, value_hidden: 4 }) as PyDict;
  expect(architectureEntry(SMALL, declared)).toEqual(
    fromJson({ num_channels: '4', num_res_blocks: 1, value_hidden: 4, ...SHAPES }),
  );
  expect(declared.has('input_shape')).toBe(false);
});

it('adds no sizes to a network class that has other names for them', () => {
  const declared = new PyDict([['channels', 4]]);
  expect([...architectureEntry(SMALL, declared).keys()]).toEqual(['channels', 'input_shape', 'output_shapes']);
});

it('keeps declared shapes', () => {
  const shape = new PyTuple([1, 14, 8, 8]);
  expect(architectureEntry(SMALL, new PyDict([['input_shape', shape]])).get('input_shape')).toEqual(shape);
});

it.each([128, 'big', new PyFloat(4.5), null])('corrects a size that the weights contradict: %s', (size) => {
  const entry = architectureEntry(SMALL, new PyDict([['num_channels', size]]));
  expect(entry.get('num_channels')).toBe(4);
});

it('corrects an input shape and a policy size that the weights contradict', () => {
  const entry = architectureEntry(SMALL, fromJson({ input_shape: [119, 8, 8], policy_size: 4672 }) as PyDict);
  expect(entry).toEqual(fromJson({ input_shape: [14, 8, 8], policy_size: 4096, output_shapes: SHAPES.output_shapes }));
});
