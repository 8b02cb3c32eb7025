import { cancelJob, isFinal } from '@caissa/queue';
import { jobSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { jobParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `DELETE /api/jobs/{job_id}` */
export const cancelJobRoute = defineRoute({
  method: 'delete',
  path: '/api/jobs/:job_id',
  tag: 'Jobs',
  summary: 'Cancel a job',
  role: 'operator',
  params: jobParamsSchema,
  responses: {
    200: { description: 'The job was waiting and is cancelled.', schema: jobSchema },
    202: { description: 'The job is at work and will stop soon.', schema: jobSchema },
    404: { description: 'There is no such job.', schema: problemSchema },
    409: { description: 'The job is over.', schema: problemSchema },
    410: { description: 'The job is over and not kept any more.', schema: problemSchema },
  },
  handler: async (context, { params }) => {
    const body = await cancelJob(context.jobs, params.job_id);
    if (isFinal(body.status)) return { status: 200, body };
    return { status: 202, headers: { Location: body.links.self, 'Retry-After': '1' }, body };
  },
});
