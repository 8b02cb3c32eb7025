import { describe, expect, it } from 'vitest';
import { localPath, signInAddress } from './sign-in-page.js';

describe('localPath', () => {
  it.each(['/', '/admin/queues', '/api/docs?x=1&y=/z', '/a/../b//c'])('keeps %s on this host', (path) => {
    const url = new URL(localPath(path), 'http://here.example');
    expect(url.host).toBe('here.example');
    expect(localPath('/admin/queues?a=b')).toBe('/admin/queues?a=b');
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'javascript:alert(1)',
    ' //evil.example',
    '/..//evil.example',
    '/.//evil.example',
    '/a\\..\\..\\evil',
    '/é',
    '',
    'admin',
  ])('does not follow %j', (next) => {
    expect(localPath(next)).toBe('/');
  });

  it.each([undefined, ['/a'], { a: 1 }])('does not follow %j', (next) => {
    expect(localPath(next)).toBe('/');
  });
});

it('comes back to the page with its query', () => {
  expect(signInAddress('/admin/queues/queue/export?status=failed')).toBe(
    '/sign-in?next=%2Fadmin%2Fqueues%2Fqueue%2Fexport%3Fstatus%3Dfailed',
  );
});
