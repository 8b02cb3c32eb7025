import { describe, expect, it } from 'vitest';
import { formatAgo, formatDate, formatDuration, formatTime, parseTime } from './date';

it.each([
  ['2025-10-07T03:11:38Z', '2025-10-07T03:11:38.000Z'],
  ['2025-10-07T03:11:38', '2025-10-07T03:11:38.000Z'],
  ['2025-10-07T03:11:38.250+02:00', '2025-10-07T01:11:38.250Z'],
  ['2025-10-07T03:11:38.250125+0200', '2025-10-07T01:11:38.250Z'],
  ['2025-10-07 03:11:38.250125', '2025-10-07T03:11:38.250Z'],
  ['2025-10-07', '2025-10-07T00:00:00.000Z'],
])('reads %s', (text, iso) => {
  expect(parseTime(text)?.toISOString()).toBe(iso);
});

it.each(['model 5', '7', '2025', '2025-13-40', 'Tue, 07 Oct 2025'])('does not take %s for a time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

it('shows what is no time as it is', () => {
  expect(parseTime('last Tuesday')).toBeUndefined();
  expect(formatTime('last Tuesday')).toBe('last Tuesday');
  expect(formatAgo('last Tuesday', 0)).toBe('last Tuesday');
});

it('shows a point in time in the zone of the viewer', () => {
  expect(formatTime('2025-10-07T23:30:00Z', 'en-GB', 'UTC')).toBe('7 Oct 2025, 23:30');
  expect(formatTime('2025-10-07T23:30:00Z', 'en-GB', 'Asia/Tokyo')).toBe('8 Oct 2025, 08:30');
});

it('shows the day of a point in time in the zone of the viewer', () => {
  expect(formatDate('2025-10-07T23:30:00Z', 'en-GB', 'UTC')).toBe('7 Oct 2025');
  expect(formatDate('2025-10-07T23:30:00Z', 'en-GB', 'Asia/Tokyo')).toBe('8 Oct 2025');
  expect(formatDate('last Tuesday')).toBe('last Tuesday');
});

describe('how long ago', () => {
  const NOW = Date.parse('2025-10-07T12:00:00Z');
  const SECOND = 1_000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;

  it.each([
    [0, 'just now'],
    [-30 * SECOND, 'just now'],
    [4 * SECOND, 'just now'],
    [5 * SECOND, '5 seconds ago'],
    [59 * SECOND, '59 seconds ago'],
    [60 * SECOND, '1 minute ago'],
    [59 * MINUTE, '59 minutes ago'],
    [90 * MINUTE, '1 hour ago'],
    [23 * HOUR, '23 hours ago'],
    [24 * HOUR, 'yesterday'],
    [6 * 24 * HOUR, '6 days ago'],
  ])('%i ms', (agoMs, words) => {
    expect(formatAgo(new Date(NOW - agoMs).toISOString(), NOW, 'en')).toBe(words);
  });

  it('is the point in time further back than a week', () => {
    expect(formatAgo('2025-09-01T12:00:00Z', NOW, 'en-GB')).toBe(formatTime('2025-09-01T12:00:00Z', 'en-GB'));
  });
});

it.each([
  [-5, '0 ms'],
  [340.4, '340 ms'],
  [2_449, '2.4 s'],
  [10_000, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min 00 s'],
  [65_000, '1 min 05 s'],
  [3_599_999, '1 h 00 min'],
  [7_380_000, '2 h 03 min'],
])('%d ms as %s', (durationMs, words) => {
  expect(formatDuration(durationMs)).toBe(words);
});
