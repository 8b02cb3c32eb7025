import { expect, it } from 'vitest';
import { listed } from './words.js';

it.each(['and', 'or'] as const)('lists words as English does, with %s', (conjunction) => {
  const english = new Intl.ListFormat('en-US', { type: conjunction === 'and' ? 'conjunction' : 'disjunction' });
  const words = ['a', 'b', 'c', 'd'];
  for (let count = 0; count <= words.length; count++) {
    const some = words.slice(0, count);
    expect(listed(some, conjunction)).toBe(english.format(some));
  }
});
