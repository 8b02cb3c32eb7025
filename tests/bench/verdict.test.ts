import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../bench/harness/comparison.js';
import { judge } from '../../bench/harness/verdict.js';

const series = (...values: number[]) => ({ label: '', values });
const compare = (ours: number[], reference: number[], change: Partial<Comparison> = {}): Comparison => ({
  title: '',
  unit: 'ms',
  ours: series(...ours),
  reference: series(...reference),
  target: { kind: 'ratio', atMost: 2 },
  ...change,
});

describe('a smoke run', () => {
  test('fails what is several times over its target in every round', () => {
    expect(judge(compare([90, 95, 99], [10, 10, 10]), true)).toMatchObject({ met: false, fails: true });
  });

  test('lets pass what came near it in one round: the others may have been disturbed', () => {
    expect(judge(compare([900, 30, 999], [10, 10, 10]), true)).toMatchObject({ met: false, fails: false });
  });

  test('compares what was measured in the same round', () => {
    expect(judge(compare([90, 900], [10, 100]), true).fails).toBe(true);
  });

  test('never fails what only informs', () => {
    expect(judge(compare([900], [10], { informs: true }), true)).toMatchObject({ met: false, fails: false });
    expect(judge(compare([900], [10], { informs: true }), false).fails).toBe(true);
  });

  test('fails what could not be measured', () => {
    expect(judge(compare([Number.NaN], [10]), true).fails).toBe(true);
    expect(judge(compare([10], []), true).fails).toBe(true);
  });

  test('of what must be large looks for the largest', () => {
    const target = { kind: 'ratio', atLeast: 0.5 } as const;
    expect(judge(compare([1, 20], [100, 100], { target }), true).fails).toBe(false);
    expect(judge(compare([1, 2], [100, 100], { target }), true).fails).toBe(true);
  });
});

test('a full run fails what misses its target by the medians', () => {
  expect(judge(compare([10, 21, 30], [10, 10, 10]), false)).toMatchObject({ met: false, fails: true });
  expect(judge(compare([10, 19, 90], [10, 10, 10]), false)).toMatchObject({ met: true, fails: false });
});
