import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from './settings.js';

const ROOT = new URL('../../../../', import.meta.url);
const HEADER = '| Variable | Default | What it does |';

/** The rows that the settings give. */
const expected = Object.entries(SETTINGS).map(
  ([name, { fallback, description }]) =>
    `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${description} |`,
);

/** The rows below the table's header in a document. */
function rows(text: string): string[] {
  const lines = text.split('\n');
  const begin = lines.indexOf(HEADER);
  const after = lines.slice(begin + 2);
  const length = after.findIndex((line) => !line.startsWith('|'));
  return begin === -1 ? [] : after.slice(0, length === -1 ? undefined : length);
}

const documents = ['docs/configuration.md', 'README.md'].map(
  (name) => [name, fileURLToPath(new URL(name, ROOT))] as const,
);

describe('the table of settings', () => {
  test.each(documents)('in %s says what the program does', (name, path) => {
    if (name === 'README.md' && !existsSync(path)) return;
    const found = rows(readFileSync(path, 'utf8'));
    // The README may show no table and only lead to the page that has it.
    if (name === 'README.md' && found.length === 0) return;
    expect(found).toEqual(expected);
  });
});
