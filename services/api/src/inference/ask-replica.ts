import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { Readable } from 'node:stream';
import { startPatientTimer } from '@caissa/shared/process';

/** A replica is on the same network; one that takes longer is gone. */
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * Responses up to this size are received whole before they are passed on, so that a request whose response is cut short
 * can be sent again.
 */
const HELD_ANSWER_BYTES = 4 << 20;

/** A request to a replica. */
export interface Question {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  /** How long the response may take to begin. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the response any more. */
  readonly signal: AbortSignal;
}

/** A replica's response; a large body comes as a stream. */
export interface ReplicaAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | Readable;
}

/**
 * A replica that took a request did not respond in time. Asking another one would make the client wait as long again.
 */
export class AnswerTimeoutError extends Error {
  override readonly name = 'AnswerTimeoutError';
}

/** Connections to replicas, kept open between requests. */
export class ReplicaConnections {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });

  /**
   * Sends a request to a replica. An idle connection may have been closed at its other end in the same moment: then a
   * new one is tried.
   * @throws AnswerTimeoutError; Error of the connection if it could not be reached or went away
   */
  async ask(url: string, question: Question): Promise<ReplicaAnswer> {
    const first = await this.#try(url, question, this.#agent);
    if (!(first instanceof StaleConnection)) return first;
    const second = await this.#try(url, question, false);
    if (second instanceof StaleConnection) throw second.cause;
    return second;
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #try(url: string, question: Question, agent: Agent | false): Promise<ReplicaAnswer | StaleConnection> {
    const { method, path, body, timeoutMs, signal } = question;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const length = body.length > 0 || method === 'POST' ? { 'content-length': body.length } : {};
      const sent = request({ agent, ...hostOf(url), method, path, headers: { ...question.headers, ...length } });
      const abort = () => sent.destroy(new Error('nobody waits for the answer any more'));
      signal.addEventListener('abort', abort, { once: true });
      const settled = limit(sent, timeoutMs);
      sent.once('close', () => {
        signal.removeEventListener('abort', abort);
        settled();
      });
      sent.once('error', (error) => {
        const stale = sent.reusedSocket && !(error instanceof AnswerTimeoutError) && !signal.aborted;
        if (stale) resolve(new StaleConnection(error));
        else reject(error);
      });
      sent.once('response', (response) => {
        settled();
        receive(response).then(resolve, reject);
      });
      sent.end(body);
    });
  }
}

/** Why a reused connection failed. */
class StaleConnection {
  readonly cause: Error;

  constructor(cause: Error) {
    this.cause = cause;
  }
}

function hostOf(url: string): { host: string; port: string } {
  const { hostname, port } = new URL(url);
  // In an address of IPv6 the brackets belong to the URL.
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}

/** Limits the time to connect and the time until the response begins. Returns a function that lifts the limits. */
function limit(sent: ClientRequest, timeoutMs: number): () => void {
  const connected = startPatientTimer(CONNECT_TIMEOUT_MS, () => {
    if (sent.socket?.connecting !== false) sent.destroy(new Error('the replica could not be reached'));
  });
  const answering = setTimeout(() => {
    sent.destroy(new AnswerTimeoutError(`no answer after ${timeoutMs} ms`));
  }, timeoutMs);
  return () => {
    connected();
    clearTimeout(answering);
  };
}

/** @throws Error of the connection if a body that is held is cut short */
async function receive(response: IncomingMessage): Promise<ReplicaAnswer> {
  const { statusCode: status = 502, headers } = response;
  const parts: Buffer[] = [];
  let heldBytes = 0;
  for await (const part of response.iterator({ destroyOnReturn: false })) {
    parts.push(part);
    heldBytes += part.length;
    if (heldBytes > HELD_ANSWER_BYTES) return { status, headers, body: Readable.from(followedBy(parts, response)) };
  }
  return { status, headers, body: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts) };
}

async function* followedBy(parts: readonly Buffer[], rest: IncomingMessage): AsyncGenerator<Buffer> {
  yield* parts;
  yield* rest;
}
