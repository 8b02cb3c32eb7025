import { factsOf, formatNames, listed, withArticle } from '@caissa/formats';
import { problemSchema, toProblem } from '@caissa/shared/errors';
import type { StoredFile } from '@caissa/storage';
import { z } from 'zod';
import { fileParamsSchema } from '../http/parameters.js';
import { defineRoute, type Route } from '../http/route.js';
import { bundleExport } from './bundle-export.js';
import { planDownload } from './plan-download.js';

const binary = 'application/octet-stream';

const downloadRoute = (method: 'get' | 'head'): Route =>
  defineRoute({
    method,
    path: '/api/model/download/:filename',
    tag: 'Exports',
    summary: method === 'get' ? 'Download an exported file' : 'Ask for size and digest of an exported file',
    description: `${listed(['Exported models', ...companions()], 'and')}. The ETag is the SHA-256 of the file.`,
    role: 'viewer',
    params: fileParamsSchema,
    query: z.object({
      bundle: z
        .enum(['zip'], 'must be zip')
        .optional()
        .describe('One archive with all files of the export and its metadata.'),
    }),
    headers: {
      Range: z.string().describe('One range of bytes.'),
      'If-Range': z.string().describe('ETag or time of last change that the file must have for the range to count.'),
      'If-Match': z.string().describe('ETags of which the file must have one, else 412.'),
      'If-None-Match': z.string().describe('ETags that the client has already.'),
      'If-Unmodified-Since': z
        .string()
        .describe('Time after which the file must not have changed, else 412. Ignored beside `If-Match`.'),
      'If-Modified-Since': z
        .string()
        .describe('Time of the file that the client has already. Ignored beside `If-None-Match`.'),
    },
    responses: {
      200: { description: 'The file.', contentTypes: [binary, 'application/zip', 'application/json'] },
      206: { description: 'The range of the file.', contentTypes: [binary, 'application/json'] },
      307: { description: 'The object store has it, at this address, for some minutes.' },
      304: { description: 'The client has the file already.' },
      400: { description: 'The name or a parameter is not valid.', schema: problemSchema },
      404: { description: 'There is no such export.', schema: problemSchema },
      412: { description: 'The file is not the one that the request is about.', schema: problemSchema },
      416: { description: 'The range lies outside the file.', schema: problemSchema },
    },
    handler: async ({ store }, { params: { filename }, query: { bundle }, headers, requestId }) => {
      if (bundle === 'zip') return bundleExport(store, filename, method === 'head');
      const file = await store.open(filename);
      const plan = planDownload(file, method, headers);
      if (plan.send !== undefined && method === 'get') {
        const elsewhere = plan.status === 200 && headers.range !== undefined ? undefined : await file.presign?.();
        if (elsewhere !== undefined) return await redirect(file, elsewhere);
        return { ...plan, file, range: plan.send };
      }
      await file.close();
      const { status, headers: sent, refusal } = plan;
      if (refusal === undefined) return { status, headers: sent, stream: undefined };
      const type = { 'Content-Type': 'application/problem+json; charset=utf-8' };
      return { status, headers: { ...type, ...sent }, body: toProblem(refusal, requestId) };
    },
  });

/** `GET /api/model/download/{filename}` */
export const downloadExportRoute = downloadRoute('get');

/** `HEAD /api/model/download/{filename}` */
export const headExportRoute = downloadRoute('head');

/** The companion files of exported models, in words. */
function companions(): string[] {
  return formatNames()
    .map(factsOf)
    .flatMap(({ label, extension, metadataExtension, dataAbove }) => [
      ...(metadataExtension ? [`the \`.${metadataExtension}\` of ${withArticle(label)} model`] : []),
      ...(dataAbove ? [`the \`.${extension}.data\` of one with more than ${dataAbove} of weights`] : []),
    ]);
}

/** Redirects the client to the object store, which honours its `Range` too. */
async function redirect(file: StoredFile, address: string) {
  await file.close();
  // The address is for this client only, and expires soon.
  return { status: 307, headers: { Location: address, 'Cache-Control': 'private, no-store' }, stream: undefined };
}
