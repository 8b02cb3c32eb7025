import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from './settings.js';

const README = new URL('../../../../README.md', import.meta.url);
const HEADER = '| Variable | Default | What it does |';

/** The rows below the table's header in a document. */
function rows(text: string): string[] {
  const lines = text.split('\n');
  const begin = lines.indexOf(HEADER);
  const after = lines.slice(begin + 2);
  const length = after.findIndex((line) => !line.startsWith('|'));
  return begin === -1 ? [] : after.slice(0, length === -1 ? undefined : length);
}

test('the README lists every setting as the program knows it', () => {
  const expected = Object.entries(SETTINGS).map(
    ([name, { fallback, description }]) =>
      `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${description} |`,
  );
  expect(rows(readFileSync(README, 'utf8'))).toEqual(expected);
});
