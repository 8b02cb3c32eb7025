import { checkpointStem } from '@caissa/formats';
import { type PiecewiseUpload, uploadNotFound } from '@caissa/registry';
import { modelNameSchema, type UploadState } from '@caissa/shared/contracts';
import { AppError, toProblem } from '@caissa/shared/errors';
import { UPLOAD_ID, UPLOAD_PREFIX } from '@caissa/storage';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import type { Caller, Reply } from '../http/route.js';

/** Where pieces of an upload are sent to. */
export const UPLOAD_PATH = '/api/model/upload/:model_name/:upload_id';

/** Path parameters of the routes of one upload. */
export const uploadParamsSchema = z.object({
  model_name: modelNameSchema,
  upload_id: z.string().meta({ example: '4f1c9d3a0b7e4c52a6d8e1f09b3c7a55' }),
});

/** An upload that comes in pieces, and what it is called in the store. */
export interface NamedUpload {
  readonly upload: string;
  readonly entry: PiecewiseUpload;
}

/** Finds the upload of an address. @throws AppError UPLOAD_NOT_FOUND, also if another key began it; REDIS_UNAVAILABLE */
export async function findUpload(
  { uploads }: ApiContext,
  { model_name, upload_id }: z.output<typeof uploadParamsSchema>,
  caller: Caller,
): Promise<NamedUpload> {
  const upload = `${UPLOAD_PREFIX}${upload_id}`;
  const entry = UPLOAD_ID.test(upload_id) ? await uploads.find(upload) : undefined;
  const isTheirs = entry?.owner === caller.name && entry.model_name === checkpointStem(model_name);
  if (entry !== undefined && isTheirs) return { upload, entry };
  throw uploadNotFound();
}

/** What an answer says of an upload: the headers are those of tus. Source: https://tus.io/protocols/resumable-upload 1.0.0 */
export function uploadHeaders({ entry }: NamedUpload, keptBytes: number): Record<string, string> {
  return {
    'Tus-Resumable': '1.0.0',
    'Upload-Offset': String(keptBytes),
    'Upload-Length': String(entry.size_bytes),
    'Cache-Control': 'no-store',
  };
}

/** Where an upload is, and how far it has come. */
export function uploadState({ upload, entry }: NamedUpload, keptBytes: number): UploadState {
  const { model_name: name, size_bytes } = entry;
  const self = `/api/model/upload/${name}/${upload.slice(UPLOAD_PREFIX.length)}`;
  const message = `${keptBytes} of ${size_bytes} bytes of ${name} are here`;
  return { success: true, message, name, size_bytes, kept_bytes: keptBytes, links: { self } };
}

/** Refuses a piece that belongs elsewhere, and says where to go on. */
export function wrongOffset(named: NamedUpload, keptBytes: number, requestId: string): Reply {
  const message = `The upload ends at byte ${keptBytes}: send what comes after, with Upload-Offset: ${keptBytes}.`;
  const type = { 'Content-Type': 'application/problem+json; charset=utf-8' };
  const body = toProblem(new AppError('UPLOAD_OFFSET', message), requestId);
  return { status: body.status, headers: { ...uploadHeaders(named, keptBytes), ...type }, body };
}

/** A number of bytes in a header. @throws AppError INVALID_PARAMETER */
export function readByteCount(name: 'Upload-Length' | 'Upload-Offset', header: string | string[] | undefined): number {
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw new AppError('INVALID_PARAMETER', `The header ${name} must say a number of bytes.`);
}

/** The SHA-256 of a `Repr-Digest`, in hexadecimal digits. Source: RFC 9530. @throws AppError INVALID_PARAMETER */
export function readDigest(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, base64] = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(String(header)) ?? [];
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex');
  throw new AppError(
    'INVALID_PARAMETER',
    'Repr-Digest must look like sha-256=:BASE64:, with the digest of the whole file.',
  );
}
