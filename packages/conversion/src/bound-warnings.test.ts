import { describe, expect, it } from 'vitest';
import { boundWarnings } from './bound-warnings.js';

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `Entry ${at} is described.`);

describe('warnings', () => {
  it('are told each once', () => {
    expect(boundWarnings([])).toEqual([]);
    expect(boundWarnings(['One.', 'Two.', 'One.'])).toEqual(['One.', 'Two.']);
  });

  it('are counted from the twentieth on, if there are more', () => {
    expect(boundWarnings(numbered(20))).toEqual(numbered(20));
    const told = boundWarnings(numbered(1_000));
    expect(told).toHaveLength(20);
    expect(told.slice(0, 19)).toEqual(numbered(19));
    expect(told.at(-1)).toBe('There are 981 more warnings, which are not listed here.');
  });

  it('are cut, and no character with them', () => {
    expect(boundWarnings(['x'.repeat(300)])).toEqual(['x'.repeat(300)]);
    const [long = ''] = boundWarnings([`x${'♟️👑'.repeat(1_000)}`]);
    expect(long.length).toBeLessThanOrEqual(300);
    expect(long.isWellFormed()).toBe(true);
    expect(long).toMatch(/[^\uFFFD]…$/u);
  });
});
