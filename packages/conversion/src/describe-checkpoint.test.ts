import { type PickleValue, PyDict, PyFloat } from '@caissa/pytorch';
import { saved, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { describeCheckpoint } from './describe-checkpoint.js';
import { openCheckpoint } from './open-checkpoint.js';

async function describeWith(metadata: PickleValue) {
  const root = smallRoot();
  root.set('metadata', metadata);
  return describeCheckpoint(await openCheckpoint(await saved(root)));
}

describe('describeCheckpoint', () => {
  it('tells architecture, tensors and metadata', async () => {
    const checkpoint = await openCheckpoint(await saved(smallRoot(smallStateDict('module.'))));
    const description = describeCheckpoint(checkpoint);
    expect(description.architecture).toEqual({
      num_channels: 4,
      num_res_blocks: 1,
      input_shape: [14, 8, 8],
      output_shapes: { policy: 4096, value: 1 },
      policy_planes: 1,
      value_planes: 1,
      value_hidden: 4,
      parameters: checkpoint.network.architecture.parameters,
    });
    expect(description.tensors[0]).toEqual({
      name: 'module.conv_input.weight',
      dtype: 'float32',
      shape: [4, 14, 3, 3],
    });
    expect(description.metadata).toEqual({ version: 7, training_date: '2025-10-06T23:56:50', win_rate: 0.75 });
    expect(description).toMatchObject({ version: 7, training_date: '2025-10-06T23:56:50' });
  });

  it.each([
    ['a text', 'v7', 'v7'],
    ['a text of digits', '7', 7],
    ['a text of too many digits', '12345678901234567890', '12345678901234567890'],
    ['a fraction', new PyFloat(7.5), '7.5'],
    ['too large to be exact', 2n ** 60n, '1152921504606846976'],
    ['a whole float', new PyFloat(7), 7],
    ['blank', '  ', null],
    ['a text of 101 characters', 'x'.repeat(101), null],
    ['true', true, null],
  ])('takes a version that is %s for %s', async (_, version, expected) => {
    const { version: found } = await describeWith(new PyDict([['version', version]]));
    expect(found).toBe(expected);
  });

  it('keeps an entry that is no dictionary under its name', async () => {
    const metadata = { metadata: 'version 7' };
    expect(await describeWith('version 7')).toMatchObject({ metadata, version: null, training_date: null });
  });

  it('tells keys apart, and keeps one such as __proto__', async () => {
    const { metadata } = await describeWith(
      new PyDict([
        [1, 'number'],
        ['1', 'text'],
        ['__proto__', 7],
      ]),
    );
    expect(JSON.stringify(metadata)).toBe('{"1":"text","1 (int)":"number","__proto__":7}');
  });

  it('names a long entry and leaves it out', async () => {
    const losses = Array.from({ length: 10_000 }, (_, step) => step);
    const { metadata } = await describeWith(
      new PyDict([
        ['losses', losses],
        ['version', 7],
      ]),
    );
    expect(metadata).toEqual({ losses: `${JSON.stringify(losses).length} bytes of JSON, left out here`, version: 7 });
  });

  it('leaves out an entry too long to be measured, and keeps the others', async () => {
    const text = 'x'.repeat(1_000);
    const { metadata } = await describeWith(
      new PyDict([
        ['texts', Array.from({ length: 1_000 }, () => text)],
        ['steps', Array.from({ length: 30_000 }, (_, step) => step)],
        ['version', 7],
      ]),
    );
    const leftOut = 'more than 16384 bytes of JSON, left out here';
    expect(metadata).toEqual({ texts: leftOut, steps: leftOut, version: 7 });
  });

  it('bounds what many entries of one text amount to, and says how many are not shown', async () => {
    const text = 'x'.repeat(16_000);
    const entries = Array.from({ length: 5_000 }, (_, at): [PickleValue, PickleValue] => [`key${at}`, text]);
    const { metadata } = await describeWith(new PyDict(entries));
    expect(Object.keys(metadata)).toEqual(['key0', 'key1', 'key2', 'key3', 'entries_not_shown']);
    expect(metadata['entries_not_shown']).toBe(4_996);
  });

  it('passes over an entry with a name that is too long', async () => {
    const names = ['n'.repeat(20_000), 'n'.repeat(300_000), 'win_rate'];
    const { metadata } = await describeWith(new PyDict(names.map((name) => [name, 1])));
    expect(metadata).toEqual({ win_rate: 1, entries_not_shown: 2 });
  });
});
