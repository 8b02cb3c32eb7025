import type { ActivationEntry } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { previousActivation } from './active-model-actions';

const entry = (generation: number, name: string | null, outcome: ActivationEntry['outcome'] = 'succeeded') =>
  ({
    outcome,
    to: { generation, model_name: name, version: null, source_sha256: name && `digest of ${name}` },
  }) as ActivationEntry;

const current = { generation: 9, sha256: 'digest of model_v3' };

describe('what a rollback leads to', () => {
  it('is the last model that was active before and is another', () => {
    const journal = [entry(9, 'model_v3'), entry(8, 'model_v3'), entry(7, 'model_v2'), entry(6, 'model_v1')];
    expect(previousActivation(journal, current)).toEqual({ model_name: 'model_v2', generation: 7 });
  });

  it('is no unload, no failure and nothing that came later', () => {
    const journal = [entry(10, 'model_v9'), entry(8, null), entry(7, 'model_v2', 'failed'), entry(5, 'model_v1')];
    expect(previousActivation(journal, current)).toEqual({ model_name: 'model_v1', generation: 5 });
    expect(previousActivation([entry(9, 'model_v3')], current)).toBeUndefined();
    expect(previousActivation([], current)).toBeUndefined();
  });
});
