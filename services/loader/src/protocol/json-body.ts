import { AppError } from '@caissa/shared/errors';
import { checkJsonBounds, type JsonBounds } from '@caissa/shared/http';

/** A JSON object whose members are not known. */
export type JsonRecord = { readonly [key: string]: unknown };

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error of a body that is not as the protocol wants it. */
export function invalid(message: string): AppError {
  return new AppError('INVALID_BODY', message);
}

/** Reads a JSON object. @throws AppError INVALID_BODY */
export function parseRecord(bytes: Buffer, what: string, bounds?: JsonBounds): JsonRecord {
  const value = parseJson(bytes, what, bounds);
  if (!isRecord(value)) throw invalid(`${what} must be a JSON object.`);
  return value;
}

/** The optional `parameters` of a request, of one of its inputs or of its outputs. @throws AppError INVALID_BODY */
export function parametersOf(owner: JsonRecord, what: string): JsonRecord {
  const parameters = owner['parameters'] ?? {};
  if (!isRecord(parameters)) throw invalid(`The parameters of ${what} must be a JSON object.`);
  return parameters;
}

/** An optional parameter that is true or false. @throws AppError INVALID_BODY */
export function flagOf(parameters: JsonRecord, name: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`The parameter ${name} must be true or false.`);
}

/** A text from a request, shortened for a message. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** What requests may hold that say little. */
const SMALL_BOUNDS: JsonBounds = { depth: 16, values: 1_000 };

/** Reads JSON. @throws AppError INVALID_BODY */
export function parseJson(bytes: Buffer, what: string, bounds = SMALL_BOUNDS): unknown {
  checkJsonBounds(bytes, bounds);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid(`${what} is not JSON.`);
  }
}
