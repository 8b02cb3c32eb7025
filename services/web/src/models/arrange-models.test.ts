import { UNKNOWN } from '@caissa/formats';
import type { ModelSummary } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { arrangeModels, FIRST_ORDER, nextOrder } from './arrange-models';

const model = (name: string, change: Partial<ModelSummary> = {}): ModelSummary => ({
  name,
  filename: `${name}.pt`,
  version: UNKNOWN,
  training_date: UNKNOWN,
  file_size_mb: 1,
  size_bytes: 1_000_000,
  metadata: {},
  warnings_count: 0,
  deployable: true,
  is_current: false,
  status: 'ready',
  architecture: null,
  ...change,
});

const names = (models: readonly ModelSummary[]) => models.map(({ name }) => name);

describe('the list of models', () => {
  const list = [
    model('model_v2', { version: 2, metadata: { win_rate: 0.4 }, training_date: '2025-10-07T01:00:00' }),
    model('model_v10', { version: 10, metadata: { win_rate: 0.9 }, is_current: true }),
    model('stray', { version: 'best' }),
    model('broken', { status: 'unreadable', metadata: { win_rate: 'high' } }),
    model('model_v1', { version: 1, training_date: '2025-10-08T01:00:00' }),
  ];

  it('begins with the newest version; what has none comes last', () => {
    expect(names(arrangeModels(list, '', FIRST_ORDER))).toEqual([
      'model_v10',
      'model_v2',
      'model_v1',
      'broken',
      'stray',
    ]);
  });

  it('puts what lacks a value last in both directions, and takes numbers only', () => {
    for (const descending of [true, false]) {
      const sorted = names(arrangeModels(list, '', { key: 'win_rate', descending }));
      expect(sorted.slice(2).sort()).toEqual(['broken', 'model_v1', 'stray']);
      expect(sorted.slice(0, 2)).toEqual(descending ? ['model_v10', 'model_v2'] : ['model_v2', 'model_v10']);
    }
  });

  it('orders names as people do, and dates as points in time', () => {
    const byName = names(arrangeModels(list, '', { key: 'name', descending: false }));
    expect(byName).toEqual(['broken', 'model_v1', 'model_v2', 'model_v10', 'stray']);
    expect(names(arrangeModels(list, '', { key: 'training_date', descending: true })).slice(0, 2)).toEqual([
      'model_v1',
      'model_v2',
    ]);
  });

  it('is narrowed down by each word of the search', () => {
    expect(names(arrangeModels(list, 'MODEL v1', FIRST_ORDER))).toEqual(['model_v10', 'model_v1']);
    expect(names(arrangeModels(list, 'best', FIRST_ORDER))).toEqual(['stray']);
    expect(names(arrangeModels(list, 'unreadable', FIRST_ORDER))).toEqual(['broken']);
    expect(names(arrangeModels(list, ' active ', FIRST_ORDER))).toEqual(['model_v10']);
    expect(arrangeModels(list, 'model stray', FIRST_ORDER)).toEqual([]);
  });

  it('is searched by the names of files too', () => {
    const made = model('my_model', { filename: 'my model.ckpt' });
    expect(names(arrangeModels([...list, made], 'my model.ckpt', FIRST_ORDER))).toEqual(['my_model']);
  });

  it('does not change what it was given', () => {
    const before = names(list);
    arrangeModels(list, '', { key: 'name', descending: true });
    expect(names(list)).toEqual(before);
  });

  it('turns round when the same head is pressed again', () => {
    const first = nextOrder(FIRST_ORDER, 'training_loss');
    expect(first).toEqual({ key: 'training_loss', descending: false });
    expect(nextOrder(first, 'training_loss')).toEqual({ key: 'training_loss', descending: true });
    expect(nextOrder(first, 'win_rate')).toEqual({ key: 'win_rate', descending: true });
  });
});
