import { retryJob } from '@caissa/queue';
import { jobSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { jobParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `POST /api/jobs/{job_id}/retry` */
export const retryJobRoute = defineRoute({
  method: 'post',
  path: '/api/jobs/:job_id/retry',
  tag: 'Jobs',
  summary: 'Retry a failed job',
  role: 'operator',
  params: jobParamsSchema,
  responses: {
    202: { description: 'The job waits again, with all its attempts.', schema: jobSchema },
    404: { description: 'There is no such job.', schema: problemSchema },
    409: { description: 'The job has not failed.', schema: problemSchema },
  },
  handler: async (context, { params }) => {
    const body = await retryJob(context.jobs, params.job_id);
    return { status: 202, headers: { Location: body.links.self, 'Retry-After': '1' }, body };
  },
});
