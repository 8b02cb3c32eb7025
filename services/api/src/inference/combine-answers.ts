import { z } from 'zod';
import type { ReplicaAnswer } from './ask-replica.js';

const errorSchema = z.object({ error: z.string() });

/** One answer for those of all replicas: the first if all did what was asked, else what went wrong and on how many. */
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
