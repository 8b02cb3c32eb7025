import { filenameSchema, modelNameSchema } from '@caissa/shared/contracts';
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

/** Path parameters of the routes of one model. */
export const modelParamsSchema = z.object({ model_name: modelNameSchema });

/** Path parameters of the routes of one exported file. */
export const fileParamsSchema = z.object({ filename: filenameSchema });

/** Path parameters of the routes of one job. What is not an id of ours is a job that does not exist. */
export const jobParamsSchema = z.object({
  job_id: z.string().meta({ example: 'export-6f1c1b9e-0a53-4f0e-9c52-3b6a1f3f5c11' }),
});
