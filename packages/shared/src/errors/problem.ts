import { z } from 'zod';
import type { AppError } from './app-error.js';
import { ERROR_TABLE } from './error-table.js';

/** A problem document, RFC 9457, as every failing route answers and as a failed job carries it. */
export const problemSchema = z
  .object({
    success: z.literal(false),
    type: z.string().describe('Identifies the kind of problem; the anchor of its code in the documentation.'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe('One sentence that a person can act on.'),
    code: z.string(),
    request_id: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** Writes an error as a problem document. Neither stack nor cause is shown. */
export function toProblem(error: Pick<AppError, 'code' | 'message' | 'errors'>, requestId?: string): Problem {
  const { status, title } = ERROR_TABLE[error.code];
  return {
    success: false,
    type: `/api/docs/errors#${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(error.errors === undefined ? {} : { errors: error.errors.map((one) => ({ ...one })) }),
  };
}
