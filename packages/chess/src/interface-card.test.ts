import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { INTERFACE_CARD } from './interface-card.js';

it('the README says whose value it is as everything else does', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  expect(readme.toLowerCase()).toContain(INTERFACE_CARD.value.toLowerCase());
});
