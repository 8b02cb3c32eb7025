import { afterEach, expect, it } from 'vitest';
import { noteServerTime, serverNow } from './clock';

const NOW = Date.parse('2025-10-07T12:00:00Z');

afterEach(() => noteServerTime(new Date(NOW).toUTCString(), NOW));

it('is that of the API where the two clocks are apart', () => {
  noteServerTime('Tue, 07 Oct 2025 11:55:00 GMT', NOW);
  expect(serverNow(NOW + 1_000)).toBe(NOW - 299_000);
});

it('is that of this machine where they agree as far as can be told', () => {
  noteServerTime('Tue, 07 Oct 2025 12:00:02 GMT', NOW);
  expect(serverNow(NOW)).toBe(NOW);
});

it('is kept when an answer says nothing of it', () => {
  noteServerTime('Tue, 07 Oct 2025 12:10:00 GMT', NOW);
  noteServerTime(null, NOW);
  noteServerTime('soon', NOW);
  expect(serverNow(NOW)).toBe(NOW + 600_000);
});
