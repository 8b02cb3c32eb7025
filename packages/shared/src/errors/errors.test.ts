import { FORMAT_ERROR_CODES, FormatError } from '@caissa/bytes';
import { describe, expect, test } from 'vitest';
import { AppError, toAppError } from './app-error.js';
import { ERROR_TABLE, type ErrorCode, isErrorCode } from './error-table.js';
import { problemSchema, toProblem } from './problem.js';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

/** What passes by itself though the client caused it: a file that is being written, an upload that others send or that goes on elsewhere. */
const PASSING = ['SOURCE_CHANGED', 'MODEL_BEING_WRITTEN', 'UPLOAD_OFFSET', 'UPLOAD_BUSY', 'TOO_MANY_UPLOADS'];

describe('the error table', () => {
  test.each(CODES)('%s has an HTTP error status and a title', (code) => {
    const { status, title, retryable } = ERROR_TABLE[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    // A client's mistake does not heal by itself.
    if (retryable && !PASSING.includes(code)) expect(status).toBeGreaterThanOrEqual(500);
  });

  test.each(FORMAT_ERROR_CODES)('a refused file, %s, is 422 and permanent', (code) => {
    expect(ERROR_TABLE[code]).toMatchObject({ status: 422, retryable: false });
  });

  test('has every status of the contract and cannot be changed', () => {
    const statuses = new Set(CODES.map((code) => ERROR_TABLE[code].status));
    for (const status of [400, 401, 403, 404, 405, 409, 413, 415, 416, 422, 429, 500, 503, 507]) {
      expect(statuses).toContain(status);
    }
    expect(Object.isFrozen(ERROR_TABLE)).toBe(true);
  });

  test('knows its codes only', () => {
    expect(CODES.every(isErrorCode)).toBe(true);
    for (const other of ['', 'toString', '__proto__', 'constructor', 'internal'])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('toAppError', () => {
  const errno = (code: string) => Object.assign(new Error(`${code}: secret /path`), { code });

  test.each([
    ['ENOSPC', 'STORAGE_FULL', false],
    ['EDQUOT', 'STORAGE_FULL', false],
    ['EIO', 'STORE_UNAVAILABLE', true],
    ['EMFILE', 'STORE_UNAVAILABLE', true],
    ['ENFILE', 'STORE_UNAVAILABLE', true],
    ['ESTALE', 'STORE_UNAVAILABLE', true],
    ['EROFS', 'STORE_UNAVAILABLE', true],
    ['EACCES', 'STORE_UNAVAILABLE', true],
    ['ENOENT', 'INTERNAL', false],
  ])('%s is %s', (code, expected, retryable) => {
    const thrown = errno(code);
    const error = toAppError(thrown);
    expect(error).toMatchObject({ code: expected, retryable, cause: thrown });
    expect(error.message).not.toContain('/path');
  });

  test('keeps what is known: our own errors and refused files', () => {
    const own = new AppError('MODEL_NOT_FOUND', 'gone');
    expect(toAppError(own)).toBe(own);
    const refused = new FormatError('PICKLE_GLOBAL', 'The checkpoint asks for os.system.', { offset: 7 });
    expect(toAppError(refused)).toMatchObject({ code: 'PICKLE_GLOBAL', message: refused.message, cause: refused });
  });

  test.each([new TypeError('secret'), new Error('secret'), 'secret', undefined, null, { code: 'ENOSPC' }])(
    'anything else is a bug whose details are kept and not shown: %s',
    (thrown) => {
      const error = toAppError(thrown);
      expect(error).toMatchObject({ code: 'INTERNAL', status: 500, retryable: false });
      expect(JSON.stringify(toProblem(error))).not.toContain('secret');
      if (thrown !== undefined) expect(error.cause).toBe(thrown);
    },
  );
});

describe('a problem document', () => {
  test('has the members of RFC 9457 and ours, no more', () => {
    const error = new AppError('INVALID_BODY', 'The body is not JSON.', {
      errors: [{ pointer: '/options/opset', detail: 'must be at most 21' }],
      cause: new Error('hidden'),
      retryAfterSeconds: 5,
    });
    const problem = toProblem(error, 'req-1');
    expect(problem).toEqual({
      success: false,
      type: '/api/docs/errors#INVALID_BODY',
      title: 'The request body is not valid',
      status: 400,
      detail: 'The body is not JSON.',
      code: 'INVALID_BODY',
      request_id: 'req-1',
      errors: [{ pointer: '/options/opset', detail: 'must be at most 21' }],
    });
    expect(problemSchema.parse(problem)).toEqual(problem);
    expect(toProblem(new AppError('INTERNAL', 'x'))).not.toHaveProperty('request_id');
  });
});
