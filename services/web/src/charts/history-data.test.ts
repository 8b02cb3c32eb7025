import { type JsonObject, type ModelVersion, UNKNOWN } from '@caissa/formats';
import type { ModelSummary } from '@caissa/shared/contracts';
import { expect, it } from 'vitest';
import { historyOf, linesOf, summarize } from './history-data';

function model(name: string, version: ModelVersion, metadata: JsonObject): ModelSummary {
  const rest = { training_date: UNKNOWN, file_size_mb: 1, is_current: false, size_bytes: 1, architecture: null };
  return { name, filename: `${name}.pt`, version, metadata, status: 'ready', warnings_count: 0, ...rest };
}

it('orders models by version and leaves out those without a number for one or the measure', () => {
  const models = [
    model('c', 10, { training_loss: 1 }),
    model('b', 2, { value_loss: 0.5, win_rate: 0.25 }),
    model('no-version', UNKNOWN, { training_loss: 3 }),
    model('best', 'best', { training_loss: 3 }),
    model('no-measure', 5, { note: 'x' }),
  ];
  expect(historyOf(models, 'loss')).toEqual([
    { name: 'b', version: 2, values: [null, null, 0.5] },
    { name: 'c', version: 10, values: [1, null, null] },
  ]);
  expect(historyOf(models, 'winRate').map(({ name }) => name)).toEqual(['b']);
});

it('takes finite numbers only, as metadata may hold anything', () => {
  const odd = [null, '0.5', true, [1], {}, Number.NaN, Number.POSITIVE_INFINITY];
  const models = odd.map((value, index) => model(`m${index}`, index, { training_loss: value as JsonObject[string] }));
  expect(historyOf(models, 'loss')).toEqual([]);
});

it('draws only the lines that have a value', () => {
  const history = historyOf([model('a', 1, { training_loss: 1, value_loss: 2 })], 'loss');
  expect(linesOf(history, 'loss')).toEqual([0, 2]);
});

it('says in words where the lines went', () => {
  const models = [
    model('a', 1, { win_rate: 0.25 }),
    model('b', 7, { win_rate: 0.75 }),
    model('c', 9, { win_rate: 0.5 }),
  ];
  expect(summarize(historyOf(models, 'winRate'), 'winRate')).toBe(
    'Win rate of 3 models. Win rate from 25.0 % at version 1 to 50.0 % at version 9.',
  );
});
