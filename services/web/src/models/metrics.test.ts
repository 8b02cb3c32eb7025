import { describe, expect, it } from 'vitest';
import { METRICS, otherMetadata, readMetric } from './metrics';

describe('metrics', () => {
  it('are finite numbers of the metadata, nothing else', () => {
    const metadata = JSON.parse('{"win_rate": 0.75, "training_loss": "low", "policy_loss": null, "value_loss": 0}');
    expect(readMetric(metadata, 'win_rate')).toBe(0.75);
    expect(readMetric(metadata, 'value_loss')).toBe(0);
    for (const key of ['training_loss', 'policy_loss', 'num_games', 'toString', '__proto__']) {
      expect(readMetric(metadata, key)).toBeUndefined();
    }
  });

  it('are shares, also where a win rate is written in percent', () => {
    const shares = [0, 0.75, 1, 1.5, 75, 100].map((rate) => readMetric({ win_rate: rate }, 'win_rate'));
    expect(shares).toEqual([0, 0.75, 1, 0.015, 0.75, 1]);
    expect(readMetric({ training_loss: 2.5 }, 'training_loss')).toBe(2.5);
  });

  it('are not told again among the rest; what is no number is', () => {
    const metadata = { win_rate: 0.75, training_loss: 'low', device: 'CPU', tags: ['a', 1], note: null };
    expect(otherMetadata(metadata)).toEqual([
      ['training_loss', 'low'],
      ['device', 'CPU'],
      ['tags', '["a",1]'],
      ['note', 'null'],
    ]);
  });

  it.each([
    ['win_rate', 0.75, '75.0 %'],
    ['training_loss', 0.23412, '0.2341'],
    ['learning_rate', 0.001, '0.001'],
    ['learning_rate', 0.00001, '1e-5'],
    ['num_games', 12_345, '12,345'],
    ['num_positions', 33, '33'],
    ['num_positions', 1_200_000, '1.2M'],
    ['num_epochs', 0.14, '0.14'],
    ['num_epochs', 1.43, '1.43'],
    ['num_epochs', 10, '10'],
    ['num_games', 12.5, '12.5'],
  ])('%s of %d is shown as %s', (key, value, text) => {
    expect(METRICS.find((metric) => metric.key === key)?.format(value)).toBe(text);
  });
});
