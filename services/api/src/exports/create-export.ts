import {
  exportFormatSchema,
  exportOptionsSchema,
  exportRequestSchema,
  exportResultSchema,
  jobAcceptedSchema,
  modelNameSchema,
} from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { defineRoute } from '../http/route.js';
import { START_HEADERS, startJob, waitQuerySchema } from '../jobs/start-job.js';
import { assertUsable } from '../models/assert-usable.js';

/** `POST /api/model/export/{format}/{model_name}` */
export const createExportRoute = defineRoute({
  method: 'post',
  path: '/api/model/export/:format/:model_name',
  tag: 'Exports',
  summary: 'Export a model',
  role: 'operator',
  params: z.object({
    format: exportFormatSchema,
    model_name: modelNameSchema,
  }),
  query: waitQuerySchema,
  body: exportRequestSchema,
  bodyOptional: true,
  // Metadata has 64 KiB, which are three times as many where a client escapes what is not ASCII.
  bodyLimits: { bytes: 256 << 10, values: 40_000 },
  headers: START_HEADERS,
  responses: {
    200: { description: 'The export is done; for requests that waited.', schema: exportResultSchema },
    202: { description: 'The work waits in its queue.', schema: jobAcceptedSchema },
    400: { description: 'The format, the name or the body is not valid.', schema: problemSchema },
    404: { description: 'There is no such model.', schema: problemSchema },
    409: { description: 'The checkpoint is still being written.', schema: problemSchema },
    422: { description: 'The checkpoint was refused.', schema: problemSchema },
  },
  handler: (context, request) => {
    const { format, model_name } = request.params;
    const { metadata, weights, options } = request.body;
    const data = {
      model_name,
      format,
      metadata: metadata ?? {},
      options: options ?? exportOptionsSchema.parse({}),
      ...(weights ? { weights } : {}),
    };
    const prepare = async () => {
      await assertUsable(context, model_name, data.weights);
      return data;
    };
    return startJob(context, request, { type: 'export', claimed: ['export', data], prepare });
  },
});
