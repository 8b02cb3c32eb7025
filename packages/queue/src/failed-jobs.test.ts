import { AppError, ERROR_TABLE, type ErrorCode } from '@caissa/shared/errors';
import { describe, expect, test } from 'vitest';
import { formatFailedReason, parseFailedReason } from './failed-jobs.js';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

describe('the reason of a failed job', () => {
  test.each(CODES)('%s can be read back', (code) => {
    const error = new AppError(code, 'A sentence: with a colon.');
    expect(parseFailedReason(formatFailedReason(error))).toMatchObject({ code, message: 'A sentence: with a colon.' });
  });

  test.each(['', 'job stalled more than allowable limit', ': x', 'toString: x', 'NOT_A_CODE: x', 'INTERNAL'])(
    'that BullMQ wrote means lost workers: %j',
    (reason) => {
      expect(parseFailedReason(reason)).toMatchObject({ code: 'WORKER_LOST' });
    },
  );
});
