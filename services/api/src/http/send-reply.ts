import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { StoredFile } from '@caissa/storage';
import type { Response } from 'express';
import { changesState } from '../access/foreign-pages.js';
import { addressFor } from './base-path.js';
import { JsonText, jsonTextOf } from './json-text.js';
import type { Reply } from './route.js';
import { sendOnce, sendRead } from './send-json.js';

/** Writes a handler's reply. A client that leaves meanwhile is no error; the stream is closed either way. */
export async function sendReply(response: Response, reply: Reply, withoutBody: boolean): Promise<void> {
  if (response.destroyed) {
    if ('stream' in reply) reply.stream?.destroy();
    if ('file' in reply) await reply.file.close();
    return;
  }
  if ('takeOver' in reply) return reply.takeOver(response);
  const headers = { ...reply.headers };
  if (headers['Location'] !== undefined) headers['Location'] = addressFor(response.req, headers['Location']);
  if ('json' in reply) return sendRead(response, headers, jsonTextOf(reply.json));
  if ('body' in reply) return sendBody(response, reply.status, headers, reply.body);
  response.status(reply.status).set(headers);
  if ('file' in reply) return sendFile(response, reply.file, reply.range);
  if (reply.stream === undefined || withoutBody) {
    reply.stream?.destroy();
    response.end();
    return;
  }
  await pipeline(reply.stream, response);
}

async function sendBody(
  response: Response,
  status: number,
  headers: OutgoingHttpHeaders,
  body: unknown,
): Promise<void> {
  const text = new JsonText(Buffer.from(JSON.stringify(body)));
  if (status !== 200 || changesState(response.req)) sendOnce(response, status, headers, text);
  else await sendRead(response, headers, text);
}

/** Bytes that are read at a time; larger reads are no faster, and every client holds two of these. */
const PIECE_BYTES = 1 << 18;

/** Buffers that are kept for the next downloads. Allocating memory costs about as much as copying into it. */
const KEPT_BUFFERS = 48;

const kept: Buffer[] = [];

/** Sends bytes `start` to `end` of a file, both inclusive, as the rest of a response, and closes the file. */
async function sendFile(
  response: ServerResponse,
  file: StoredFile,
  range: { readonly start: number; readonly end: number },
): Promise<void> {
  if (file.readInto === undefined) return pipeline(file.read(range), response);
  const buffers = [takeBuffer(), takeBuffer()] as const;
  try {
    await copy(response, file.readInto, range, buffers);
    response.end();
    // Not after a failure: the kernel may still be reading them.
    for (const buffer of buffers) if (kept.length < KEPT_BUFFERS) kept.push(buffer);
  } catch (error) {
    // Too late for another response: the client notices the missing end.
    response.destroy();
    throw error;
  } finally {
    await file.close();
  }
}

function takeBuffer(): Buffer {
  return kept.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
}

/** Reads into one buffer while the other is written. Settles when everything has been handed to the system. */
async function copy(
  response: ServerResponse,
  readInto: NonNullable<StoredFile['readInto']>,
  { start, end }: { readonly start: number; readonly end: number },
  [current, other]: readonly [Buffer, Buffer],
): Promise<void> {
  const writer = new Writer(response);
  let [reading, writing] = [current, other];
  let written = Promise.resolve();
  for (let offset = start; offset <= end; ) {
    const wanted = Math.min(PIECE_BYTES, end + 1 - offset);
    const bytes = await readInto(reading.subarray(0, wanted), offset);
    await written;
    if (bytes === 0) throw new Error('the file has become shorter while it was read');
    written = writer.write(reading.subarray(0, bytes));
    offset += bytes;
    [reading, writing] = [writing, reading];
  }
  await written;
}

/** Writes to a response. When a client leaves, some writes call back with an error, and some not at all. */
class Writer {
  readonly #response: ServerResponse;
  #reject: (error: Error) => void = () => undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#reject(clientGone()));
  }

  /** Settles when the system has the bytes. One write at a time. */
  write(bytes: Buffer): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#reject = reject;
      if (this.#response.closed) reject(clientGone());
      else this.#response.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    // Awaited when the next bytes have been read; a failure before that must not count as unhandled.
    written.catch(() => undefined);
    return written;
  }
}

function clientGone(): Error {
  return Object.assign(new Error('the client has left'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
