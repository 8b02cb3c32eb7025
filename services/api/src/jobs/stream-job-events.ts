import { isFinal } from '@caissa/queue';
import { AppError, problemSchema } from '@caissa/shared/errors';
import type { Response } from 'express';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import { jobParamsSchema } from '../http/parameters.js';
import { defineRoute, type Reply } from '../http/route.js';
import { openEventStream } from './event-stream.js';
import { followJob, type JobState, type OutgoingEvent, readJobState, toStateEvent } from './follow-job.js';

const EVENT_ID = /^\d{1,16}-\d{1,16}$/;

/** `GET /api/jobs/{job_id}/events` */
export const streamJobEventsRoute = defineRoute({
  method: 'get',
  path: '/api/jobs/:job_id/events',
  tag: 'Jobs',
  summary: 'Follow a job',
  description:
    'Server-sent events: `progress` (`{job_id, percent, stage}`), then `completed`, `failed` or `cancelled` with the whole ' +
    'job, which ends the stream. The first event tells the present state.',
  role: 'viewer',
  isEventStream: true,
  params: jobParamsSchema,
  headers: {
    'Last-Event-ID': z
      .string()
      .regex(EVENT_ID)
      .describe('Id of the last event that was received; the stream goes on after it.'),
  },
  responses: {
    200: { description: 'The events.', contentTypes: ['text/event-stream'] },
    204: { description: 'The job is over and its end was received already.' },
    400: { description: 'Last-Event-ID is not one that was sent.', schema: problemSchema },
    404: { description: 'There is no such job.', schema: problemSchema },
    410: { description: 'The job is over and not kept any more.', schema: problemSchema },
  },
  handler: async (context, { params, headers, method, signal }): Promise<Reply> => {
    const state = await readJobState(context, params.job_id);
    const lastEventId = parseLastEventId(headers['last-event-id']);
    if (lastEventId !== undefined && (await hasSeenEnd(context, state, lastEventId))) {
      // Browsers come back after every end of a stream; this status tells them not to.
      return { status: 204, stream: undefined };
    }
    if (method === 'HEAD') return { status: 200, headers: { 'Content-Type': 'text/event-stream' }, stream: undefined };
    return { status: 200, takeOver: (response) => send(response, events(context, state, lastEventId, signal)) };
  },
});

function parseLastEventId(header: string | string[] | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && EVENT_ID.test(header)) return header;
  throw new AppError('INVALID_PARAMETER', 'Last-Event-ID is not one that was sent.');
}

async function hasSeenEnd({ watcher }: ApiContext, { view }: JobState, lastEventId: string): Promise<boolean> {
  const missed = await watcher.eventsSince(view.job_id, lastEventId);
  if (!isFinal(view.status) || missed.length > 0) return false;
  // Nothing came after it. If the stream still holds the end, that is what the client has seen.
  const all = await watcher.eventsSince(view.job_id, '0-0');
  return all.at(-1)?.kind === view.status;
}

async function* events(
  context: ApiContext,
  state: JobState,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent> {
  if (lastEventId === undefined) {
    yield toStateEvent(state);
    if (isFinal(state.view.status)) return;
  }
  yield* followJob(context, state.view.job_id, lastEventId ?? state.eventId, signal);
}

async function send(response: Response, source: AsyncGenerator<OutgoingEvent>): Promise<void> {
  const stream = await openEventStream(response);
  try {
    for await (const event of source) {
      if (response.destroyed) return;
      stream.send(event);
    }
  } finally {
    stream.end();
  }
}
