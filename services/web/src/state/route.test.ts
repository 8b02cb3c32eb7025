import { describe, expect, it } from 'vitest';
import { parseRoute, routeHref } from './route';

describe('an address', () => {
  it.each([
    ['', 'models', ''],
    ['#', 'models', ''],
    ['#/jobs', 'jobs', ''],
    ['#jobs', 'jobs', ''],
    ['#/jobs?type=export&status=failed', 'jobs', 'type=export&status=failed'],
    ['#/nowhere?x=1', 'models', 'x=1'],
  ])('%s', (hash, tab, params) => {
    const route = parseRoute(hash);
    expect([route.tab, route.params.toString()]).toEqual([tab, params]);
  });

  it('leaves out what is empty', () => {
    expect(routeHref('jobs', { type: '', status: undefined })).toBe('#/jobs');
    expect(routeHref('jobs', { type: 'load', status: '' })).toBe('#/jobs?type=load');
  });

  it('comes back as it was, whatever is in it', () => {
    const search = 'a b&c=d?e#f+ä';
    expect(parseRoute(routeHref('downloads', { search })).params.get('search')).toBe(search);
  });
});
