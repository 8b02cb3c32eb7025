import { describe, expect, it } from 'vitest';
import { choiceOf, exportForm, isExportable, rowProblem, toggled } from './export-form';

const choice = (change: Partial<ReturnType<typeof exportForm.get>>) => choiceOf({ ...exportForm.get(), ...change });
const row = (key: string, value: string, id = 1) => ({ id, key, value });

describe('metadata that are typed in', () => {
  it('are read line by line; a line without a name counts for nothing', () => {
    const rows = [row(' purpose ', 'x'), row('', ''), row('elo', '2100')];
    expect(choice({ rows }).metadata).toEqual({ purpose: 'x', elo: 2100 });
  });

  it('are looked through for what cannot be meant', () => {
    expect(rowProblem([row('a', '1'), row('', '')])).toBeUndefined();
    expect(rowProblem([row('', 'lost')])).toBe('A value has no name.');
    expect(rowProblem([row('a', '1'), row(' a', '2')])).toBe('“a” is there twice.');
  });
});

it('weights are asked for by their path, or not at all', () => {
  expect(choice({ weights: ' ema.module ' })).toMatchObject({ weights: 'ema.module' });
  expect(choice({ weights: ' ' })).not.toHaveProperty('weights');
});

it('a model whose network is refused can be exported if weights are named, and one that cannot be read never', () => {
  const usable = (status: 'ready' | 'inspecting' | 'unreadable', weights: string, code?: string) => {
    const problem = code && { success: false as const, type: '', title: '', status: 422, detail: '', code };
    return isExportable({ status, ...(problem ? { problem } : {}) }, { ...exportForm.get(), weights });
  };
  expect([usable('ready', ''), usable('inspecting', 'ema')]).toEqual([true, false]);
  for (const code of ['ARCHITECTURE_UNKNOWN', 'ARCHITECTURE_MISMATCH', 'NON_FINITE_WEIGHTS']) {
    expect([usable('unreadable', 'ema', code), usable('unreadable', ' ', code)]).toEqual([true, false]);
  }
  for (const code of ['READING_STOPPED', 'PICKLE_DANGEROUS', 'ZIP_LIMIT', 'NOT_A_CHECKPOINT']) {
    expect(usable('unreadable', 'ema', code)).toBe(false);
  }
});

it('choosing what is chosen takes it back', () => {
  expect(toggled(['a', 'b'], 'c')).toEqual(['a', 'b', 'c']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});
