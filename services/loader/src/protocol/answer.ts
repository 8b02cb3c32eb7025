import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What is answered to a request. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** The body in pieces. */
  readonly body: readonly Uint8Array[];
}

/** Pieces up to this size together are copied into one: a single write costs less than the copy. */
const JOINED_BYTES = 128 << 10;

/** A client that has not taken an answer by then is given up. */
const SEND_TIMEOUT_MS = 120_000;

/** An answer without a body. */
export const EMPTY_OK: Answer = { status: 200, headers: {}, body: [] };

/** An answer in JSON. */
export function jsonAnswer(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: [Buffer.from(JSON.stringify(value))],
  };
}

/** Number of bytes of pieces together. */
function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, piece) => total + piece.byteLength, 0);
}

/** Sends an answer, its head and body in one write where it is small, and without copying where it is large. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  const sizeBytes = sizeOf(body);
  response.writeHead(status, { ...headers, 'Content-Length': sizeBytes });
  const [only] = body;
  if (body.length <= 1) response.end(only);
  else if (sizeBytes <= JOINED_BYTES) response.end(Buffer.concat(body, sizeBytes));
  else {
    response.cork();
    for (const piece of body) response.write(piece);
    response.end();
    response.uncork();
  }
  if (response.writableLength > 0) limitSending(response);
}

function limitSending(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), SEND_TIMEOUT_MS);
  response.once('close', () => clearTimeout(timer));
}
