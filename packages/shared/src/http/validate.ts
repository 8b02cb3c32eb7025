import type { z } from 'zod';
import { AppError, type FieldError } from '../errors/app-error.js';
import { describeIssue } from './describe-issue.js';

/** Field errors in one answer; a body may hold thousands of mistakes. */
export const ERRORS_SHOWN = 20;

type Issues = readonly z.core.$ZodIssue[];

/** Checks the value of a JSON body; without a schema it may be anything. @throws AppError INVALID_BODY, which names the fields that are wrong */
export function validateBody<T extends z.ZodType>(schema: T | undefined, body: unknown): z.output<T> {
  return validate(schema, body, (issues) => {
    const [first] = issues;
    const place = first === undefined || first.path.length === 0 ? 'The body' : `${pointerTo(first.path)} of the body`;
    return new AppError('INVALID_BODY', `${place} is not valid: ${first?.message}.`, { errors: fieldErrors(issues) });
  });
}

/** Checks a value that a client has sent; without a schema it may be anything. @throws what `toError` makes of what is wrong, said in words for a person */
export function validate<T extends z.ZodType>(
  schema: T | undefined,
  value: unknown,
  toError: (issues: Issues) => AppError,
): z.output<T> {
  const parsed = schema?.safeParse(value, { error: describeIssue });
  if (parsed === undefined) return value as z.output<T>;
  if (parsed.success) return parsed.data;
  throw toError(parsed.error.issues);
}

/** Longest name of a field that is shown. */
const FIELD_SHOWN = 100;

/** JSON pointers to the fields of a body that its schema left out, as it does where it does not refuse what it does not know. */
export function unknownFields(sent: unknown, taken: unknown, at = ''): string[] {
  if (sent === taken || !isObject(sent) || !isObject(taken)) return [];
  const found: string[] = [];
  for (const name of Object.keys(sent)) {
    if (found.length >= ERRORS_SHOWN) break;
    const pointer = at + pointerTo([name.slice(0, FIELD_SHOWN)]);
    if (Object.hasOwn(taken, name)) found.push(...unknownFields(sent[name], taken[name], pointer));
    else found.push(pointer);
  }
  return found.slice(0, ERRORS_SHOWN);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What is wrong with a value, by the places in it. */
export function fieldErrors(issues: Issues): FieldError[] {
  return issues.slice(0, ERRORS_SHOWN).map(({ path, message }) => ({ pointer: pointerTo(path), detail: message }));
}

/** A JSON pointer. Source: RFC 6901, section 3. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
