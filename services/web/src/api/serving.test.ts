import type { CurrentModel, ReplicaSummary } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { outageOf, servingOf } from './serving';

const replica = (state: ReplicaSummary['state'], model_name: string | null = null) =>
  ({ state, model_name }) as ReplicaSummary;
const current = (ready: number, ...replica_list: ReplicaSummary[]): CurrentModel =>
  ({
    loaded: true,
    model_name: 'model_v3',
    replicas: { ready, total: replica_list.length },
    replica_list,
  }) as CurrentModel;

const OLDER = replica('opening', 'model_v2');
const READY = replica('ready', 'model_v3');

describe('the active model', () => {
  it.each([
    ['full', current(2, READY, READY)],
    ['partial', current(1, READY, OLDER)],
    ['partial', current(1, READY, replica('failed'))],
    // While a new model is rolled out the one before it goes on answering.
    ['partial', current(0, OLDER)],
    ['down', current(0, replica('opening'))],
    ['down', current(0)],
    ['inactive', { ...current(0), loaded: false }],
  ] as const)('is %s', (serving, state) => {
    expect(servingOf(state)).toBe(serving);
  });
});

describe('an outage', () => {
  it.each([
    [current(0), 'No loader is running: positions are not answered.'],
    [
      current(0, replica('failed'), replica('opening')),
      'model_v3 is being opened: positions are answered in a moment.',
    ],
    [current(0, replica('failed')), 'No loader could open model_v3: positions are not answered.'],
    [current(0, OLDER), undefined],
    [current(1, READY), undefined],
    [{ ...current(0), loaded: false }, undefined],
  ])('%#', (state, sentence) => {
    expect(outageOf(state)).toBe(sentence);
  });
});
