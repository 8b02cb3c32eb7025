import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../errors/app-error.js';
import type { FailureFormat } from './failure-format.js';

/** Answers requests that Node cannot read, or that do not come in time, as other failures are answered. */
export function refuseUnreadable(server: Server, format: FailureFormat): void {
  /** The answers that a connection waits for. */
  const pending = new WeakMap<Socket, readonly ServerResponse[]>();
  server.on('request', ({ socket }, response) => {
    const earlier = pending.get(socket)?.filter(({ writableFinished }) => !writableFinished) ?? [];
    pending.set(socket, [...earlier, response]);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const answers = pending.get(socket) ?? [];
    // Before that a refusal would stand in the middle of an answer, or be taken for that of an earlier request.
    const isItsTurn = answers.every(
      ({ req, headersSent, writableFinished }) => writableFinished || !(req.complete || headersSent),
    );
    if (socket.writable && isItsTurn && error.code !== 'ECONNRESET') socket.write(refusalOf(error.code, format));
    socket.destroySoon();
  });
}

/** A whole response. @param code of the error that Node gives */
function refusalOf(code: string | undefined, { contentType, describe }: FailureFormat): string {
  const error = REFUSALS.get(code ?? '') ?? NOT_HTTP;
  const body = JSON.stringify(describe(error));
  return [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

const NOT_HTTP = new AppError('INVALID_REQUEST', 'The request is not valid HTTP, or is cut short.');

const REFUSALS: ReadonlyMap<string, AppError> = new Map([
  ['HPE_HEADER_OVERFLOW', new AppError('HEADERS_TOO_LARGE', 'The head of the request is too large.')],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', new AppError('BODY_TOO_LARGE', 'The chunk extensions of the body are too large.')],
  ['ERR_HTTP_REQUEST_TIMEOUT', new AppError('REQUEST_TIMEOUT', 'The request did not arrive in time.')],
]);
