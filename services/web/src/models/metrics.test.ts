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
  ])('%s of %d is shown as %s', (key, value, text) => {
    expect(METRICS.find((metric) => metric.key === key)?.format(value)).toBe(text);
  });
});
