import type { IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { GENERATION_HEADER } from '@caissa/shared/contracts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ReplicaAnswer } from './ask-replica.js';

/** Headers of a client's request that a replica gets. Credentials are for the API alone. */
const REQUEST_HEADERS = [
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'inference-header-content-length',
  'prefer',
];

/** Headers of a replica's response that a client gets; the rest concerns the connection between API and replica. */
const ANSWER_HEADERS = [
  'content-type',
  'content-encoding',
  'content-length',
  'inference-header-content-length',
  'retry-after',
  'allow',
  'vary',
  GENERATION_HEADER,
];

/** The headers to forward with a request. */
export function requestHeaders(request: Request): Record<string, string | string[]> {
  return { ...pick(request.headers, REQUEST_HEADERS), 'x-request-id': request.id };
}

/** Sends a replica's response to a client. */
export async function sendAnswer(response: Response, { status, headers, body }: ReplicaAnswer): Promise<void> {
  response.writeHead(status, pick(headers, ANSWER_HEADERS));
  if (Buffer.isBuffer(body)) return void response.end(body);
  // What measures, logs and bounds a request waits for its end as well as the pipeline.
  await pipeline(body, response.setMaxListeners(0));
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string | string[]> {
  const picked: Record<string, string | string[]> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

const errorSchema = z.object({ error: z.string() });

/** One response in place of those of all replicas: the first if all succeeded, else what went wrong and on how many. */
export function combineAnswers(answers: readonly ReplicaAnswer[]): ReplicaAnswer {
  const [first, ...others] = [...answers].sort((a, b) => b.status - a.status);
  if (first === undefined) throw new TypeError('there must be an answer to combine');
  if (first.status < 300 || others.length === 0) return first;
  const failed = answers.filter(({ status }) => status >= 300).length;
  const error = `${reasonOf(first)} (on ${failed} of ${answers.length} loaders)`;
  const { 'retry-after': retryAfter } = first.headers;
  return {
    status: first.status,
    headers: { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
    body: Buffer.from(JSON.stringify({ error })),
  };
}

function reasonOf({ status, body }: ReplicaAnswer): string {
  try {
    return errorSchema.parse(JSON.parse(body.toString())).error;
  } catch {
    return `The answer was ${status}.`;
  }
}
