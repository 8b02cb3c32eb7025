import { retryJob } from '@caissa/queue';
import { jobSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { jobParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { assertRetryable } from './assert-retryable.js';

/** `POST /api/jobs/{job_id}/retry` */
export const retryJobRoute = defineRoute({
  method: 'post',
  path: '/api/jobs/:job_id/retry',
  tag: 'Jobs',
  summary: 'Retry a failed job',
  description:
    'What would be refused if it were asked for now is not begun again, so the job keeps what it failed with.',
  role: 'operator',
  params: jobParamsSchema,
  responses: {
    202: { description: 'The job waits again, with all its attempts.', schema: jobSchema },
    404: { description: 'There is no such job, or its model is gone.', schema: problemSchema },
    409: { description: 'The job has not failed, or the upload that it checked is gone.', schema: problemSchema },
    410: { description: 'The job is over and not kept any more.', schema: problemSchema },
    422: { description: 'The checkpoint is refused as it is now.', schema: problemSchema },
  },
  handler: async (context, { params }) => {
    const body = await retryJob(context.jobs, params.job_id, (work) => assertRetryable(context, work));
    return { status: 202, headers: { Location: body.links.self, 'Retry-After': '1' }, body };
  },
});
