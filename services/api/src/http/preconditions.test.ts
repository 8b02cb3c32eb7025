import { describe, expect, it } from 'vitest';
import { failedPrecondition, rangeApplies } from './preconditions.js';

const TAG = '"abc"';
const TIME = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';
const FILE = { tag: TAG, modifiedAt: new Date('1994-11-06T08:49:37.900Z') };

describe('If-None-Match', () => {
  it.each([
    [TAG, 304],
    ['W/"abc"', 304],
    ['"x", "abc"', 304],
    ['*', 304],
    ['"x,abc"', undefined],
    ['abc', undefined],
    ['"ab"', undefined],
    ['', undefined],
  ])('%s: %s', (tags, status) => {
    expect(failedPrecondition({ 'if-none-match': tags }, FILE)).toBe(status);
    // The tag alone counts.
    expect(failedPrecondition({ 'if-none-match': tags, 'if-modified-since': TIME }, FILE)).toBe(status);
  });
});

describe('If-Match', () => {
  it.each([
    [TAG, undefined],
    ['"x", "abc"', undefined],
    ['*', undefined],
    ['W/"abc"', 412],
    ['"x"', 412],
    ['', 412],
  ])('%s: %s', (tags, status) => {
    expect(failedPrecondition({ 'if-match': tags }, FILE)).toBe(status);
    expect(failedPrecondition({ 'if-match': tags, 'if-unmodified-since': EARLIER }, FILE)).toBe(status);
  });

  it('comes before If-None-Match', () => {
    expect(failedPrecondition({ 'if-match': '"x"', 'if-none-match': TAG }, FILE)).toBe(412);
    expect(failedPrecondition({ 'if-match': TAG, 'if-none-match': TAG }, FILE)).toBe(304);
  });
});

describe('times', () => {
  it.each([
    [TIME, 304, undefined],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 304, undefined],
    ['Sun Nov  6 08:49:37 1994', 304, undefined],
    ['Mon, 07 Nov 1994 08:49:37 GMT', 304, undefined],
    [EARLIER, undefined, 412],
    ['model 5', undefined, undefined],
    ['1994-11-06T08:49:37Z', undefined, undefined],
    ['Sun, 36 Nov 1994 08:49:37 GMT', undefined, undefined],
  ])('%s', (time, sinceModified, sinceUnmodified) => {
    expect(failedPrecondition({ 'if-modified-since': time }, FILE)).toBe(sinceModified);
    expect(failedPrecondition({ 'if-unmodified-since': time }, FILE)).toBe(sinceUnmodified);
  });
});

it.each([
  [undefined, true],
  [TAG, true],
  [TIME, true],
  ['W/"abc"', false],
  ['"x"', false],
  [EARLIER, false],
  ['Mon, 07 Nov 1994 08:49:37 GMT', false],
])('a range with If-Range %s counts: %s', (header, applies) => {
  expect(rangeApplies(header === undefined ? {} : { 'if-range': header }, FILE)).toBe(applies);
});
