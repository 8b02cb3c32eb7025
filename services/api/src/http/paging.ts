import { z } from 'zod';

/** A `limit` query parameter. */
export function limitSchema(fallback: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${maximum}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= maximum, `must be a whole number from 1 to ${maximum}`)
    .default(fallback)
    .describe(`Rows on a page, ${maximum} at most.`);
}
