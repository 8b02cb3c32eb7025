import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Writing } from './writing.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A file that changes after each of the pauses, in ms; it is taken to be at rest as soon as it may be. */
function written(...pausesMs: number[]): { writing: Writing; inspections: number } {
  let writing = Writing.after(undefined, false);
  let inspections = 0;
  for (const pauseMs of pausesMs) {
    vi.advanceTimersByTime(pauseMs);
    if (!writing.isAtRest && writing.leftMs === 0) {
      writing.settle();
      inspections++;
    }
    writing = Writing.after(writing, false);
  }
  return { writing, inspections };
}

describe('a file', () => {
  it('that appeared is at rest after a second, and is not called being written meanwhile', () => {
    const { writing } = written();
    expect([writing.isAtRest, writing.isBeingWritten, writing.leftMs]).toEqual([false, false, 1_000]);
    vi.advanceTimersByTime(400);
    expect(writing.leftMs).toBe(600);
    vi.advanceTimersByTime(600);
    expect(writing.leftMs).toBe(0);
  });

  it('that is known to be whole is at rest at once', () => {
    expect(Writing.after(undefined, true)).toMatchObject({ isAtRest: true, leftMs: 0, isBeingWritten: false });
  });

  it('that is written with short pauses rests a second, however long it was written', () => {
    const { writing, inspections } = written(...Array.from({ length: 500 }, () => 400));
    expect([inspections, writing.isBeingWritten, writing.leftMs]).toEqual([0, true, 1_000]);
  });

  it('that is written with long pauses is looked into twice too often, and rests twice as long as they are then', () => {
    const { writing, inspections } = written(...Array.from({ length: 60 }, () => 4_000));
    expect([inspections, writing.leftMs]).toEqual([2, 8_000]);
  });

  it('that is replaced soon after it was looked into rests no longer than it did at first', () => {
    expect(written(6_000).writing.leftMs).toBe(1_000);
  });

  it('that was cut short, looked into and replaced by a whole one rests no longer either', () => {
    const { writing } = written(6_000);
    vi.advanceTimersByTime(6_000);
    writing.settle();
    const cut = Writing.after(writing, false, true);
    vi.advanceTimersByTime(6_000);
    cut.settle();
    expect(Writing.after(cut, false)).toMatchObject({ isBeingWritten: true, leftMs: 1_000 });
  });

  it('never has to rest for more than ten seconds', () => {
    expect(written(900, 9_000, 9_000).writing.leftMs).toBe(10_000);
  });

  it('that is written anew after a long time is like one that appeared', () => {
    const { writing, inspections } = written(100, 100_000);
    expect([inspections, writing.isBeingWritten, writing.leftMs]).toEqual([1, false, 1_000]);
  });

  it('that has rested though nobody asked is like one that appeared when it is written anew', () => {
    let writing = Writing.after(undefined, false);
    vi.advanceTimersByTime(3_600_000);
    writing = Writing.after(writing, false);
    expect([writing.isBeingWritten, writing.leftMs]).toEqual([false, 1_000]);
    vi.advanceTimersByTime(400);
    writing = Writing.after(writing, false);
    expect([writing.isBeingWritten, writing.leftMs]).toEqual([true, 1_000]);
  });

  it('that never rests is taken as it is every five minutes', () => {
    expect(written(...Array.from({ length: 3_100 }, () => 500)).inspections).toBe(5);
  });
});
