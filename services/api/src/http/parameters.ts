import { filenameSchema, modelNameSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { fieldErrors, validate } from '@caissa/shared/http';
import { z } from 'zod';

/** A `limit` query parameter. */
export function limitSchema(fallback: number, maximum: number) {
  const rule = `must be a whole number from 1 to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .pipe(z.int().min(1, rule).max(maximum, rule))
    .default(fallback)
    .describe(`Rows on a page, ${maximum} at most.`);
}

/** Path parameters of the routes of one model. */
export const modelParamsSchema = z.object({ model_name: modelNameSchema });

/** Path parameters of the routes of one exported file. */
export const fileParamsSchema = z.object({ filename: filenameSchema });

/** Path parameters of the routes of one job. What is not an id of ours is a job that does not exist. */
export const jobParamsSchema = z.object({
  job_id: z.string().meta({ example: 'export-6f1c1b9e-0a53-4f0e-9c52-3b6a1f3f5c11' }),
});

/** Path parameters that name files; a mistake in one has an error code of its own. */
const NAME_PARAMETERS = new Set<PropertyKey>(['model_name', 'filename']);

/** Validates path parameters. @throws AppError INVALID_NAME, INVALID_PARAMETER */
export function validateParams<T extends z.ZodType>(schema: T | undefined, params: unknown): z.output<T> {
  return validate(schema, params, (issues) => {
    const name = issues.find((issue) => NAME_PARAMETERS.has(issue.path[0] ?? ''));
    const { path, message } = name ?? issues[0] ?? { path: [], message: '' };
    const detail = `The ${String(path[0] ?? 'address').replaceAll('_', ' ')} in the address is not valid: ${message}.`;
    return new AppError(name ? 'INVALID_NAME' : 'INVALID_PARAMETER', detail, { errors: fieldErrors(issues) });
  });
}

/** Validates query parameters. @throws AppError INVALID_PARAMETER */
export function validateQuery<T extends z.ZodType>(schema: T | undefined, query: unknown): z.output<T> {
  return validate(schema, query, (issues) => {
    const detail = `The query parameter ${String(issues[0]?.path[0])} ${issues[0]?.message}.`;
    const errors = fieldErrors(issues).map((error, i) => ({
      ...error,
      pointer: `?${String(issues[i]?.path[0] ?? '')}`,
    }));
    return new AppError('INVALID_PARAMETER', detail, { errors });
  });
}
