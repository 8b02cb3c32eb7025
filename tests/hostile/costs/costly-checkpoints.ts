import { call, global, int, join, tensor, text } from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { operation } from '../operation-writer.js';
import type { CostlyValue } from './costly-operations.js';
import { dictOf, each, get, listOf, numbered, put, remembered, times } from './pickle-parts.js';

/** A whole pickle that costs as much as one of its kind can; it is given the operations that make a network's weights. */
export interface CostlyCheckpoint {
  readonly name: string;
  readonly root: (weights: Uint8Array) => Uint8Array;
}

const small = tensor({ shape: [int(1)], stride: [int(1)] });
const NETWORK_NAMES = [
  'conv_input.weight',
  'bn_input.weight',
  'res_blocks.0.conv1.weight',
  'policy_fc.weight',
  'value_fc2.bias',
];

/** A state dict that looks as if it were a network's, of one tensor that stands in the file once. */
const likeNetwork = (prefix: string): Uint8Array =>
  dictOf(...NETWORK_NAMES.map((name) => join(text(prefix + name), get(0))));

const tensorsNamed = (count: number, name: (number: number) => string): Uint8Array =>
  join(remembered(0, small), dictOf(each(count, (number) => join(text(name(number)), get(0)))));

/** A dictionary whose entries are this value, in each place where something is looked for. */
const entry = (key: string, value: Uint8Array): Uint8Array => join(text(key), value);

/** Files with many sets of weights, and with one of many names. */
export const COSTLY_CHECKPOINTS: readonly CostlyCheckpoint[] = [
  ...[100_000, 30_000, 8_000].flatMap((count) => [
    { name: `${count} tensors of other names`, root: () => tensorsNamed(count, (number) => `layer${number}.weight`) },
    {
      name: `${count} tensors of long names`,
      root: () => tensorsNamed(Math.min(count, 60_000), (number) => `${'module.'.repeat(140)}${number}`),
    },
    {
      name: `${count} tensors with wrappers`,
      root: () => tensorsNamed(count, (number) => `_orig_mod.module.res_blocks.${number}.conv1.weight`),
    },
    { name: `${count} prefixes`, root: () => tensorsNamed(count, (number) => `p${number}.conv_input.weight`) },
    { name: `${count} blocks`, root: () => tensorsNamed(count, (number) => `res_blocks.${number}.conv1.weight`) },
    {
      name: `${count} state dicts`,
      root: () =>
        join(remembered(0, small), listOf(each(Math.min(count, 20_000), (number) => likeNetwork(`p${number}.`)))),
    },
    {
      name: `${count} times the same state dict`,
      root: (weights: Uint8Array) => join(remembered(0, weights), listOf(times(count, get(0)))),
    },
    {
      name: `the same state dict under ${count} keys`,
      root: (weights: Uint8Array) =>
        join(remembered(0, weights), dictOf(each(count, (number) => join(numbered(number), get(0))))),
    },
    {
      name: `the weights beside ${count} tensors`,
      root: (weights: Uint8Array) =>
        join(
          weights,
          operation('MARK'),
          each(count, (number) => join(text(`loss.${number}.weight`), small)),
          operation('SETITEMS'),
        ),
    },
    {
      name: `${count} entries at the top level`,
      root: (weights: Uint8Array) =>
        dictOf(
          entry('model_state_dict', weights),
          each(count, (number) => join(numbered(number), call('trainer', 'Thing'))),
        ),
    },
    {
      name: `${count} entries of the architecture`,
      root: (weights: Uint8Array) =>
        dictOf(
          entry('model_state_dict', weights),
          entry('architecture', dictOf(each(count, (number) => join(numbered(number), int(1))))),
        ),
    },
    {
      name: `${count} versions of modules`,
      root: (weights: Uint8Array) => {
        const versions = dictOf(each(count, (number) => join(numbered(number), operation('EMPTY_DICT'))));
        return dictOf(
          entry('model_state_dict', join(weights, dictOf(text('_metadata'), versions), operation('BUILD'))),
        );
      },
    },
  ]),
  {
    name: 'a state dict in 900 dictionaries under long keys',
    root: (weights) =>
      join(
        times(900, join(operation('EMPTY_DICT'), text('k'.repeat(10_000)))),
        weights,
        times(900, operation('SETITEM')),
      ),
  },
  {
    name: 'dictionaries that lead to one another',
    root: () => {
      const level = (number: number) =>
        remembered(number + 1, dictOf(entry('a', get(number)), entry('b', get(number))));
      return join(remembered(0, small), each(900, level), get(900));
    },
  },
  {
    name: 'modules that hold one another',
    root: () => {
      const module = (number: number) =>
        join(
          global('torch.nn.modules.container', 'Sequential'),
          operation('EMPTY_TUPLE'),
          operation('NEWOBJ'),
          dictOf(entry('_modules', dictOf(entry('a', get(number)), entry('b', get(number))))),
          operation('BUILD'),
        );
      return join(
        remembered(0, small),
        each(400, (number) => remembered(number + 1, module(number))),
        get(400),
      );
    },
  },
  {
    name: 'a module that holds itself',
    root: () =>
      join(call('trainer', 'Net'), put(0), dictOf(entry('_modules', dictOf(entry('a', get(0))))), operation('BUILD')),
  },
  {
    name: 'a text of 60 MB at the top level',
    root: (weights) => dictOf(entry('model_state_dict', weights), entry('note', text('\u0001'.repeat(60 << 20)))),
  },
  {
    name: 'declared channels of 1 MB',
    root: (weights) =>
      dictOf(
        entry('model_state_dict', weights),
        entry('architecture', dictOf(entry('num_channels', text('9'.repeat(1 << 20))))),
      ),
  },
];

/** The pickle of a checkpoint that holds a costly value in its metadata, and in other places that are read. */
export function around({ name, value }: CostlyValue): CostlyCheckpoint[] {
  const holding = (key: string) => (weights: Uint8Array) =>
    dictOf(entry('model_state_dict', weights), entry(key, dictOf(entry('value', value()))));
  return [{ name: `${name}, in metadata`, root: holding('metadata') }];
}
