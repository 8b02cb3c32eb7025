import { AppError, type ErrorCode, type FieldError } from '../errors/index.js';

/** An error as data that can be cloned, which errors with members of their own cannot. */
export interface ThrownData {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Of an error of the system, such as `ENOSPC`. */
  readonly code?: string | undefined;
  readonly cause?: ThrownData | undefined;
  /** What makes an {@link AppError}. */
  readonly app?: {
    readonly code: ErrorCode;
    readonly errors: readonly FieldError[] | undefined;
    readonly retryAfterSeconds: number | undefined;
  };
}

/** How deep causes are told; an error may be its own. */
const CAUSE_LEVELS = 3;

/**
 * Makes data of what was thrown. An {@link AppError} and an error of the system stay what they are; others keep their text.
 * All keep their causes, for the log.
 */
export function toThrownData(thrown: unknown, causeLevels = CAUSE_LEVELS): ThrownData {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message, stack } = thrown;
  const hasCause = thrown.cause !== undefined && causeLevels > 0;
  const cause = hasCause ? toThrownData(thrown.cause, causeLevels - 1) : undefined;
  if (thrown instanceof AppError) {
    const { code, errors, retryAfterSeconds } = thrown;
    return { name, message, stack, cause, app: { code, errors, retryAfterSeconds } };
  }
  return { name, message, stack, cause, code: 'code' in thrown ? String(thrown.code) : undefined };
}

/** The error that {@link toThrownData} made data of. */
export function fromThrownData({ name, message, stack, code, app, cause: causeData }: ThrownData): Error {
  const cause = causeData && { cause: fromThrownData(causeData) };
  const error = app ? new AppError(app.code, message, { ...definedOf(app), ...cause }) : new Error(message, cause);
  if (stack !== undefined) error.stack = stack;
  return app === undefined ? Object.assign(error, { name }, code === undefined ? {} : { code }) : error;
}

function definedOf({ errors, retryAfterSeconds }: NonNullable<ThrownData['app']>) {
  return {
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}
