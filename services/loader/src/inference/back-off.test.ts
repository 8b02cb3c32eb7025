import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BackOff } from './back-off.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('waits twice as long after each failure, up to a limit, and begins anew when it is reset', () => {
  const backOff = new BackOff(100, 350);
  expect(backOff.isOver).toBe(true);
  for (const pauseMs of [100, 200, 350, 350]) {
    backOff.failed();
    vi.advanceTimersByTime(pauseMs - 1);
    expect(backOff.isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect(backOff.isOver).toBe(true);
  }
  backOff.failed();
  backOff.reset();
  expect(backOff.isOver).toBe(true);
  backOff.failed();
  vi.advanceTimersByTime(100);
  expect(backOff.isOver).toBe(true);
});
