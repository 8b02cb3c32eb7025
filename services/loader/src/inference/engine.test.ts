import { expect, it } from 'vitest';
import { versionText } from './engine.js';

it.each([
  [3, '3'],
  [-1, '-1'],
  ['best', 'best'],
  [null, '1'],
  ['two words', '1'],
])('writes the version %j as %s, which has to fit into an address', (version, text) => {
  expect(versionText(version)).toBe(text);
});
