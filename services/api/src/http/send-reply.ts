import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { Reply } from './route.js';
import { sendFile } from './send-file.js';

/** Writes what a handler answered. A client that leaves meanwhile is no error; the stream is closed either way. */
export async function sendReply(response: Response, reply: Reply, withoutBody: boolean): Promise<void> {
  if (response.destroyed) {
    if ('stream' in reply) reply.stream?.destroy();
    if ('file' in reply) await reply.file.close();
    return;
  }
  if ('takeOver' in reply) return reply.takeOver(response);
  response.status(reply.status);
  if ('body' in reply || 'json' in reply) {
    response.set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...reply.headers });
    const bytes = 'json' in reply ? reply.json : Buffer.from(JSON.stringify(reply.body));
    response.set('Content-Length', String(bytes.length)).end(withoutBody ? undefined : bytes);
    return;
  }
  response.set({ ...reply.headers });
  if ('file' in reply) return sendFile(response, reply.file, reply.range);
  if (reply.stream === undefined || withoutBody) {
    reply.stream?.destroy();
    response.end();
    return;
  }
  await pipeline(reply.stream, response);
}
