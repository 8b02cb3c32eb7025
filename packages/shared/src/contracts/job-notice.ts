import { z } from 'zod';
import { jobStatusSchema } from './job-views.js';
import { jobProgressSchema, jobTypeSchema } from './jobs.js';
import { modelNameSchema } from './names.js';

/**
 * Event `job` of `GET /api/jobs/events`: what a job has become. Notices carry no ids and are never replayed; they say
 * what changed, and `GET` says what is true. After every event `ready` the lists are to be read anew.
 */
export const jobNoticeSchema = z
  .object({
    job_id: z.string(),
    type: jobTypeSchema,
    model_name: modelNameSchema.optional().describe('Left out if the job could not be read.'),
    status: jobStatusSchema,
    progress: jobProgressSchema.optional().describe('Only if it is the progress that changed.'),
  })
  .meta({ id: 'JobNotice' });

export type JobNotice = z.infer<typeof jobNoticeSchema>;
