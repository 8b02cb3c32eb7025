import { expect, it } from 'vitest';
import { parseBasePath } from './base-path.js';

it.each([
  ['', ''],
  ['/', ''],
  ['/caissa', '/caissa'],
  ['/caissa/', '/caissa'],
  ['/team-a/caissa.v2/~x_1', '/team-a/caissa.v2/~x_1'],
  ['/apis', '/apis'],
  ['/tools/api', '/tools/api'],
])('%j is %j', (text, expected) => {
  expect(parseBasePath(text)).toBe(expected);
});

it.each([
  'caissa',
  '//evil.example',
  '/a//b',
  '/a/../b',
  '/.',
  '/a b',
  '/a%2Fb',
  '/a?b',
  '/a#b',
  '/a"b',
  '/a\nb',
  'https://host/caissa',
  '/api',
  '/api/x',
  '/v2/',
  '/assets',
  `/${'a'.repeat(300)}`,
])('%j is none', (text) => {
  expect(parseBasePath(text)).toBeUndefined();
});
