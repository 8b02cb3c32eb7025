import { expect, it } from 'vitest';
import { metadataRows, verificationRows } from './export-facts';

it('shows all metadata, texts as they are and anything else as JSON', () => {
  const metadata = { by: 'Ada', win_rate: 0.75, tags: ['a'], none: null, verification: { level: 'quick' } };
  expect(metadataRows({ metadata, warnings: [] })).toEqual([
    ['by', 'Ada'],
    ['win_rate', '0.75'],
    ['tags', '["a"]'],
    ['none', 'null'],
  ]);
});

it('leaves out warnings that are shown by themselves, and no entry of that name that the checkpoint has', () => {
  const metadata = { warnings: ['lr is low'] };
  expect(metadataRows({ metadata, warnings: [] })).toEqual([['warnings', '["lr is low"]']]);
  expect(metadataRows({ metadata, warnings: ['lr is low'] })).toEqual([]);
});

it('puts the report of a verification into words', () => {
  const verification = {
    level: 'full',
    positions: 8,
    probability_sum_error: 3.9e-7,
    max_abs_value: 0.10671,
    max_abs_difference: { policy: 9.5e-7, value: 0 },
    tolerance: { absolute: 1e-5, relative: 1e-5 },
    float32_noise: { policy: 0.5, value: 2e-6 },
    initializers: 36,
    max_relative_error: 5.9e-8,
    bytes_compared: 1024 ** 2,
    device: 'CPU',
  };
  expect(verificationRows({ verification })).toEqual([
    ['Level', 'Full'],
    ['Positions computed', '8'],
    ['Probability sum error', '3.9e-7'],
    ['Largest value', '0.1067'],
    ['Difference in policy', '9.5e-7'],
    ['Difference in value', '0'],
    ['Tolerance', '1e-5 + 1e-5 · |x|'],
    ['Float32 noise of policy', '0.5'],
    ['Float32 noise of value', '2e-6'],
    ['Weight tensors compared', '36'],
    ['Largest relative error of a weight', '5.9e-8'],
    ['Compared byte by byte', '1.00 MB'],
    ['Device', 'CPU'],
  ]);
});

it('shows findings that it has no words for', () => {
  expect(verificationRows({ verification: { level: 'thorough', rounds: 3, positions: 'many' } })).toEqual([
    ['Level', 'thorough'],
    ['rounds', '3'],
    ['Positions computed', 'many'],
  ]);
});

it.each([[{}], [{ verification: null }], [{ verification: 'yes' }], [{ verification: [1] }]])(
  'has no report in %j',
  (metadata) => {
    expect(verificationRows(metadata)).toEqual([]);
  },
);
