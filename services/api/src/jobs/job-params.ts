import { z } from 'zod';

/** Path parameters of the routes of one job. What is not an id of ours is a job that does not exist. */
export const jobParamsSchema = z.object({
  job_id: z.string().meta({ example: 'export-6f1c1b9e-0a53-4f0e-9c52-3b6a1f3f5c11' }),
});
