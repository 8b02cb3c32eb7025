import { AppError, type ErrorCode, type FieldError } from '@caissa/shared/errors';
import type { z } from 'zod';
import { describeIssue } from './describe-issue.js';

/** Path parameters that name files: what is wrong with them has a code of its own. */
const NAME_PARAMETERS = new Set<PropertyKey>(['model_name', 'filename']);

/** Field errors in one answer; a body may hold thousands of mistakes. */
const ERRORS_SHOWN = 20;

/** Validates path parameters. @throws AppError INVALID_NAME, INVALID_PARAMETER */
export function validateParams<T extends z.ZodType>(schema: T | undefined, params: unknown): z.output<T> {
  return validate(schema, params, (issues) => {
    const name = issues.find((issue) => NAME_PARAMETERS.has(issue.path[0] ?? ''));
    const detail = `The ${readable((name ?? issues[0])?.path[0])} in the address is not valid: ${(name ?? issues[0])?.message}.`;
    return fail(name ? 'INVALID_NAME' : 'INVALID_PARAMETER', detail, issues, '/');
  });
}

/** Validates query parameters. @throws AppError INVALID_PARAMETER */
export function validateQuery<T extends z.ZodType>(schema: T | undefined, query: unknown): z.output<T> {
  return validate(schema, query, (issues) =>
    fail('INVALID_PARAMETER', `The query parameter ${String(issues[0]?.path[0])} ${issues[0]?.message}.`, issues, '?'),
  );
}

/** Validates a JSON body. @throws AppError INVALID_BODY */
export function validateBody<T extends z.ZodType>(schema: T | undefined, body: unknown): z.output<T> {
  return validate(schema, body, (issues) => {
    const first = issues[0];
    const place = first === undefined || first.path.length === 0 ? 'The body' : `${pointerTo(first.path)} of the body`;
    return fail('INVALID_BODY', `${place} is not valid: ${first?.message}.`, issues, '/');
  });
}

type Issue = z.core.$ZodIssue;

function validate<T extends z.ZodType>(
  schema: T | undefined,
  value: unknown,
  toError: (issues: readonly Issue[]) => AppError,
): z.output<T> {
  const parsed = schema?.safeParse(value, { error: describeIssue });
  if (parsed === undefined) return value as z.output<T>;
  if (parsed.success) return parsed.data;
  throw toError(parsed.error.issues);
}

function fail(code: ErrorCode, message: string, issues: readonly Issue[], prefix: '/' | '?'): AppError {
  const errors: FieldError[] = issues.slice(0, ERRORS_SHOWN).map((issue) => ({
    pointer: prefix === '?' ? `?${String(issue.path[0] ?? '')}` : pointerTo(issue.path),
    detail: issue.message,
  }));
  return new AppError(code, message, { errors });
}

/** A JSON pointer, RFC 6901 section 3. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function readable(part: PropertyKey | undefined): string {
  return String(part ?? 'address').replaceAll('_', ' ');
}
