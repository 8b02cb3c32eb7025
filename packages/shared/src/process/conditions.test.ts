import { Writable } from 'node:stream';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Conditions } from './conditions.js';

let lines: { level: number; msg: string }[];
let conditions: Conditions;
beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') });
  lines = [];
  const stream = new Writable({ write: (line, _, done) => done(void lines.push(JSON.parse(String(line)))) });
  conditions = new Conditions(pino(stream));
});
afterEach(() => void vi.useRealTimers());

test('a condition is logged once, when it changes, every hour, and when it is over', () => {
  for (let times = 0; times < 3; times++) conditions.raise('REDIS_FULL', 'Redis is full.');
  expect(lines).toEqual([expect.objectContaining({ level: 40, condition: 'REDIS_FULL', msg: 'Redis is full.' })]);
  vi.advanceTimersByTime(60_000);
  conditions.raise('REDIS_FULL', 'Redis is still full.');
  expect(conditions.all).toEqual([
    { code: 'REDIS_FULL', message: 'Redis is still full.', since: '2026-01-01T00:00:00.000Z' },
  ]);
  vi.advanceTimersByTime(2 * 3_600_000);
  expect(lines.map(({ msg }) => msg)).toEqual(['Redis is full.', ...Array(3).fill('Redis is still full.')]);
  conditions.clear('REDIS_FULL');
  conditions.clear('REDIS_FULL');
  expect(lines.slice(4)).toEqual([expect.objectContaining({ level: 30, msg: 'Over: Redis is still full.' })]);
  vi.advanceTimersByTime(2 * 3_600_000);
  expect(lines).toHaveLength(5);
  expect(conditions.all).toEqual([]);
});

test('the metric has what is wrong now, and no more', async () => {
  const registry = new Registry();
  conditions.measure(registry);
  conditions.raise('REDIS_FULL', 'Redis is full.');
  conditions.raise('STORE_UNREACHABLE', 'The store is away.');
  conditions.clear('REDIS_FULL');
  const text = await registry.metrics();
  expect(text).toContain('caissa_condition{code="STORE_UNREACHABLE"} 1');
  expect(text).not.toContain('REDIS_FULL');
});
