import { listJobs } from '@caissa/queue';
import { jobListSchema, jobStatusSchema, jobTypeSchema, modelNameSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { limitSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `GET /api/jobs` */
export const listJobsRoute = defineRoute({
  method: 'get',
  path: '/api/jobs',
  tag: 'Jobs',
  summary: 'List jobs, newest first',
  role: 'viewer',
  query: z.object({
    type: jobTypeSchema.optional(),
    status: jobStatusSchema.optional(),
    model: modelNameSchema.optional(),
    limit: limitSchema(50, 200),
    cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of jobs.', schema: jobListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async (context, { query }) => ({
    status: 200,
    body: { success: true, ...(await listJobs(context.jobs, query)) },
  }),
});
