import { expect, it } from 'vitest';
import { isLater } from './follow-job.js';

it.each([
  ['2-0', '1-0', true],
  ['1-0', '1-0', false],
  ['1-10', '1-9', true],
  ['1-9', '1-10', false],
  ['1795458819635-0', '999999999999-9', true],
  ['9007199254740993-0', '9007199254740992-0', true],
])('%s after %s', (left, right, later) => {
  expect(isLater(left, right)).toBe(later);
});
