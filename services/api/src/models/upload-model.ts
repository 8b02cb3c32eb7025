import { uploadResultSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { uploadTooLarge } from '@caissa/storage';
import { modelParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { admitUpload, assertFree, assertInspectable, uploaded, uploadName } from './admit-upload.js';

/** `PUT /api/model/upload/{model_name}` */
export const uploadModelRoute = defineRoute({
  method: 'put',
  path: '/api/model/upload/:model_name',
  tag: 'Models',
  summary: 'Upload a checkpoint',
  description:
    'The body is the file itself. A worker looks into it before it appears among the models. The extension of a checkpoint is no part of the name: `upload/final.pt` makes `final`.',
  role: 'operator',
  params: modelParamsSchema,
  rawBody: 'application/octet-stream',
  responses: {
    201: { description: 'The model is there; its entry in the list is being made.', schema: uploadResultSchema },
    400: { description: 'The name is not valid or the body is empty.', schema: problemSchema },
    409: { description: 'There is a model of this name.', schema: problemSchema },
    413: { description: 'The file is larger than MAX_UPLOAD_MB.', schema: problemSchema },
    415: { description: 'The body is not application/octet-stream.', schema: problemSchema },
    422: { description: 'The checkpoint was refused.', schema: problemSchema },
    503: {
      description: 'No worker inspected the file in time, or operators have paused inspections.',
      schema: problemSchema,
    },
    507: { description: 'The disk is full.', schema: problemSchema },
  },
  handler: async (context, request) => {
    const name = uploadName(request.params.model_name);
    const { modelStore } = context;
    const limitBytes = context.settings.MAX_UPLOAD_MB * 1024 ** 2;
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw uploadTooLarge(limitBytes);
    await assertFree(context, name);
    // Better to say now than after gigabytes that the file cannot be inspected.
    await assertInspectable(context);
    const received = await modelStore.receive(request.openBody(), limitBytes);
    try {
      return uploaded(await admitUpload(context, request, name, received));
    } finally {
      await modelStore.discard(received.upload);
    }
  },
});
