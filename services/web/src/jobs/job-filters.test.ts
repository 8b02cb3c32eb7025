import { expect, it } from 'vitest';
import { isOpen, readJobFilter } from './job-filters';

it.each([
  ['', {}],
  ['type=export&status=failed&model=model_v1', { type: 'export', status: 'failed', model: 'model_v1' }],
  ['type=toString&status=gone&model=', {}],
])('reads "%s"', (query, filter) => {
  expect(readJobFilter(new URLSearchParams(query))).toEqual(filter);
});

it('is open when it narrows nothing', () => {
  expect(isOpen({})).toBe(true);
  expect(isOpen({ limit: 20 })).toBe(true);
  expect(isOpen({ model: 'm' })).toBe(false);
});
