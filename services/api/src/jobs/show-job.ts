import { isFinal, showJob } from '@caissa/queue';
import { jobSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { jobParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `GET /api/jobs/{job_id}` */
export const showJobRoute = defineRoute({
  method: 'get',
  path: '/api/jobs/:job_id',
  tag: 'Jobs',
  summary: 'Show a job',
  description: 'A failed job is shown with status 200 too; its `error` is a problem document.',
  role: 'viewer',
  params: jobParamsSchema,
  responses: {
    200: { description: 'The job. `Retry-After` says when to ask again while it is not over.', schema: jobSchema },
    404: { description: 'There is no such job.', schema: problemSchema },
    410: { description: 'The job is over and not kept any more.', schema: problemSchema },
  },
  handler: async (context, { params }) => {
    const body = await showJob(context.jobs, params.job_id);
    return { status: 200, headers: isFinal(body.status) ? {} : { 'Retry-After': '1' }, body };
  },
});
