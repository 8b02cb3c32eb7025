import { createEventBuffer, createSession } from 'better-sse';
import type { Response } from 'express';

/** How soon a browser that lost the stream connects again. */
const RETRY_MS = 3_000;

/** A comment this often keeps proxies from closing a quiet stream. */
const PING_INTERVAL_MS = 15_000;

/** What may wait to be sent. A client that takes no more would otherwise fill the memory. */
const BACKLOG_LIMIT_BYTES = 1024 ** 2;

/** One server-sent event. Without `id` it is none that a client could go on after. */
interface StreamEvent {
  readonly name: string;
  readonly data: unknown;
  readonly id?: string;
}

/** Server-sent events on their way to one client. */
export interface EventStream {
  /** Sends an event. A client that has fallen too far behind is cut off instead, and comes back when it can. */
  send(event: StreamEvent): void;
  end(): void;
}

/** Begins a stream of server-sent events, with pings until it ends or the client leaves. */
export async function openEventStream(response: Response): Promise<EventStream> {
  const session = await createSession(response.req, response, {
    retry: RETRY_MS,
    // The library's own pings go on for ever if the client leaves before the first byte.
    keepAlive: null,
    trustClientEventId: false,
  });
  const write = (buffer: ReturnType<typeof createEventBuffer>) => {
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength > BACKLOG_LIMIT_BYTES) response.destroy();
    else void session.batch(buffer);
  };
  const ping = setInterval(() => write(createEventBuffer().comment('ping').dispatch()), PING_INTERVAL_MS);
  response.once('close', () => clearInterval(ping));
  if (response.destroyed) clearInterval(ping);
  return {
    send: ({ name, data, id }) => {
      const buffer = createEventBuffer().event(name).data(data);
      write((id === undefined ? buffer : buffer.id(id)).dispatch());
    },
    end: () => {
      clearInterval(ping);
      response.end();
    },
  };
}
