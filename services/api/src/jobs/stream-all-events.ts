import type { JobWatcher } from '@caissa/queue';
import type { Response } from 'express';
import { defineRoute, type Reply } from '../http/route.js';
import { openEventStream } from './event-stream.js';

/** `GET /api/jobs/events` */
export const streamAllEventsRoute = defineRoute({
  method: 'get',
  path: '/api/jobs/events',
  tag: 'Jobs',
  summary: 'Follow all jobs',
  description:
    'Server-sent events of the jobs of every kind over one connection, of which a browser has only a few: `ready` (`{}`), ' +
    'then `job` (`{job_id, type, model_name, status}`, with `progress: {percent, stage}` if that is what changed) whenever ' +
    'a job is queued, begins, gets on, ends, is cancelled or is retried. The feed says what changed, and `GET` says what ' +
    'is true: events have no ids and none is replayed. Read the lists after each `ready`, which also comes when Redis ' +
    'was away and events may have been missed. A client that takes too little is cut off.',
  role: 'viewer',
  isEventStream: true,
  responses: { 200: { description: 'The events.', contentTypes: ['text/event-stream'] } },
  handler: async ({ watcher }, { method, signal }): Promise<Reply> => {
    if (method === 'HEAD') return { status: 200, headers: { 'Content-Type': 'text/event-stream' }, stream: undefined };
    return { status: 200, takeOver: (response) => send(response, watcher, signal) };
  },
});

async function send(response: Response, { feed }: JobWatcher, signal: AbortSignal): Promise<void> {
  const stream = await openEventStream(response);
  const sendReady = () => stream.send({ name: 'ready', data: {} });
  const leave = feed.follow({ onNotice: (data) => stream.send({ name: 'job', data }), onGap: sendReady });
  sendReady();
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
  });
  leave();
  stream.end();
}
