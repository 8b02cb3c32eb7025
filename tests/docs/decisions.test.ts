import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DOCS = new URL('../../docs/', import.meta.url);
const decisions = readdirSync(new URL('decisions/', DOCS)).sort();

it('each decision has a number of its own, which its title has too', () => {
  const numbers = decisions.map((name) => Number(name.slice(0, 4)));
  expect(new Set(numbers).size).toBe(decisions.length);
  const titled = decisions.map((name) => Number(/^# (\d+)\. /.exec(textOf(`decisions/${name}`))?.[1]));
  expect(titled).toEqual(numbers);
});

it('a link to a decision names its number', () => {
  const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const links = pages.flatMap((page) => [
    ...textOf(page).matchAll(/\[decision (\d+)\]\((?:decisions\/)?(\d{4}[^)#]*)/g),
  ]);
  expect(links).not.toHaveLength(0);
  for (const [, number, file = ''] of links) {
    expect(decisions).toContain(file);
    expect(Number(file.slice(0, 4))).toBe(Number(number));
  }
});

function textOf(page: string): string {
  return readFileSync(fileURLToPath(new URL(page, DOCS)), 'utf8');
}
