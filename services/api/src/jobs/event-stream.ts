import { createEventBuffer, createSession } from 'better-sse';
import type { Response } from 'express';
import { withBasePath } from '../http/base-path.js';

/** How soon a browser that lost the stream reconnects. */
const RETRY_MS = 3_000;

/** A comment is sent this often, so that proxies do not close a quiet stream. */
const PING_INTERVAL_MS = 15_000;

/** Most bytes that may wait to be sent: a client that stops reading would otherwise fill the memory. */
const BACKLOG_LIMIT_BYTES = 1024 ** 2;

/** One server-sent event. Without an `id` a client cannot resume after it. */
interface StreamEvent {
  readonly name: string;
  readonly data: unknown;
  readonly id?: string;
}

/** Server-sent events on their way to one client. */
export interface EventStream {
  /** Sends an event. A client that has fallen too far behind is disconnected instead, and reconnects when it can. */
  send(event: StreamEvent): void;
  end(): void;
}

/** Begins a stream of server-sent events, with pings until it ends or the client leaves. */
export async function openEventStream(response: Response): Promise<EventStream> {
  const session = await createSession(response.req, response, {
    retry: RETRY_MS,
    // The library's own pings never stop if the client leaves before the first byte.
    keepAlive: null,
    trustClientEventId: false,
  });
  const serializer = (data: unknown) => withBasePath(response.req, JSON.stringify(data));
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
      const buffer = createEventBuffer({ serializer }).event(name).data(data);
      write((id === undefined ? buffer : buffer.id(id)).dispatch());
    },
    end: () => {
      clearInterval(ping);
      response.end();
    },
  };
}
