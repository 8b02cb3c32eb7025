import { FormatError } from '@caissa/bytes';
import { ERROR_TABLE, type ErrorCode } from './error-table.js';

/** One thing that is wrong in a request, RFC 9457 section 3. */
export interface FieldError {
  /** JSON pointer (RFC 6901) into the body, or `?name` for a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

/** What may accompany an {@link AppError}. */
export interface AppErrorExtra {
  readonly errors?: readonly FieldError[];
  /** Seconds after which a client may try again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure that is part of the contract: a code of the error table and a sentence that a person can act on. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, extra: AppErrorExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.errors = extra.errors;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_TABLE[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }
}

/**
 * Puts a file's name before what is wrong with it.
 * @param failure what is wrong with the file, if that is what was thrown; anything else passes through
 */
export function namedError(
  thrown: unknown,
  failure: { readonly code: ErrorCode; readonly message: string } | undefined,
  filename: string,
): unknown {
  if (failure === undefined) return thrown;
  return new AppError(failure.code, `${filename}: ${failure.message}`, { cause: thrown });
}

const NOT_PERMITTED =
  'A file or folder of the data folder cannot be used: permission was denied. Check its owner and its permissions.';

/** What the system says when the machine of a network volume does not answer, or a disk was taken away. */
const VOLUME_AWAY = ['ENETDOWN', 'ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOTCONN', 'EREMOTEIO', 'ENODEV'];

const STORE_ERRNO = new Map<string, { code: ErrorCode; message: string }>([
  ['ENOSPC', { code: 'STORAGE_FULL', message: 'The disk is full: free some space, then try again.' }],
  ['EDQUOT', { code: 'STORAGE_FULL', message: 'The disk quota is used up: free some space, then try again.' }],
  ['EIO', { code: 'STORE_UNAVAILABLE', message: 'The disk reports an input/output error.' }],
  ['EMFILE', { code: 'STORE_UNAVAILABLE', message: 'Too many files are open; try again in a moment.' }],
  ['ENFILE', { code: 'STORE_UNAVAILABLE', message: 'Too many files are open; try again in a moment.' }],
  ['ESTALE', { code: 'STORE_UNAVAILABLE', message: 'The network file system lost the file; try again in a moment.' }],
  ...VOLUME_AWAY.map(
    (errno) => [errno, { code: 'STORE_UNAVAILABLE', message: 'The volume does not answer.' }] as const,
  ),
  [
    'EROFS',
    {
      code: 'STORE_UNAVAILABLE',
      message: 'The data folder cannot be written: its file system is read-only. Mount it writable, then try again.',
    },
  ],
  ['EACCES', { code: 'STORE_UNAVAILABLE', message: NOT_PERMITTED }],
  ['EPERM', { code: 'STORE_UNAVAILABLE', message: NOT_PERMITTED }],
]);

/** Gives any thrown value its place in the error table. What is not known is a bug: `INTERNAL`, with the cause kept. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof FormatError) return new AppError(thrown.code, thrown.message, { cause: thrown });
  const errno = thrown instanceof Error && 'code' in thrown ? STORE_ERRNO.get(String(thrown.code)) : undefined;
  if (errno) return new AppError(errno.code, errno.message, { cause: thrown });
  return new AppError('INTERNAL', 'Something went wrong inside Caissa. The log has the details.', { cause: thrown });
}
