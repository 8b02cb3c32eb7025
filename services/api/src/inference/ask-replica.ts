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

/** How long a whole question may have waited before replicas are asked whether they are there at all. */
const SILENCE_MS = 2_500;

/** Whoever is there says so within this time, even after reading some of the largest bodies. */
const SIGN_OF_LIFE_MS = 5_000;

/** How long a replica that showed no sign of life is not asked again. */
const SILENT_MS = 2_000;

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

/** Whose turn it is to be asked a question. */
export interface Turn {
  /** When the question was asked first, of whichever replica, as `performance.now()` counts. */
  readonly askedAtMs: number;
  /** Addresses of the replicas that are asked when this one does not respond. */
  readonly next: readonly string[];
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

/** A replica shows no sign of life: its process is frozen or its machine is gone, which closes no connection. */
class SilentReplicaError extends Error {
  override readonly name = 'SilentReplicaError';

  constructor() {
    super('the replica shows no sign of life');
  }
}

/** Connections to replicas, kept open between requests. */
export class ReplicaConnections {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });
  /** Whether replicas show a sign of life, by address: of those being asked for it and those that did not. */
  readonly #signsOfLife = new Map<string, Promise<boolean>>();

  /**
   * Sends a request to a replica. An idle connection may have been closed at its other end in the same moment: then a
   * new one is tried.
   * @throws AnswerTimeoutError; Error of the connection if it could not be reached, went away or shows no sign of life
   */
  async ask(url: string, question: Question, turn: Turn): Promise<ReplicaAnswer> {
    if ((await this.#signsOfLife.get(url)) === false) throw new SilentReplicaError();
    const first = await this.#try(url, question, turn, this.#agent);
    if (!(first instanceof StaleConnection)) return first;
    const second = await this.#try(url, question, turn, false);
    if (second instanceof StaleConnection) throw second.cause;
    return second;
  }

  /** Whether a replica is being asked for a sign of life, or showed none. */
  isInDoubt(url: string): boolean {
    return this.#signsOfLife.has(url);
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #try(url: string, question: Question, turn: Turn, agent: Agent | false): Promise<ReplicaAnswer | StaleConnection> {
    const { method, path, body, timeoutMs, signal } = question;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const length = body.length > 0 || method === 'POST' ? { 'content-length': body.length } : {};
      const sent = request({ agent, ...hostOf(url), method, path, headers: { ...question.headers, ...length } });
      const abort = () => sent.destroy(new Error('nobody waits for the answer any more'));
      signal.addEventListener('abort', abort, { once: true });
      const settled = limit(sent, timeoutMs);
      const unwatch = this.#watch(url, sent, turn);
      sent.once('close', () => {
        signal.removeEventListener('abort', abort);
        settled();
        unwatch();
      });
      sent.once('error', (error) => {
        const isOurs = error instanceof AnswerTimeoutError || error instanceof SilentReplicaError || signal.aborted;
        const stale = sent.reusedSocket && !isOurs;
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

  /** Gives a request up when its replica shows no sign of life, until what this returns is called. */
  #watch(url: string, sent: ClientRequest, { askedAtMs, next }: Turn): () => void {
    let timer: NodeJS.Timeout | undefined;
    const lookIn = (ms: number) => {
      timer = setTimeout(async () => {
        // Those that would come next at the same time: several may be silent, for one and the same reason.
        for (const other of next) void this.#isAlive(other);
        const isAlive = await this.#isAlive(url);
        if (timer === undefined) return;
        if (isAlive) lookIn(SILENCE_MS);
        else sent.destroy(new SilentReplicaError());
      }, ms);
    };
    // What has waited for another replica in vain shall not wait as long for this one.
    lookIn(Math.max(SILENCE_MS - (performance.now() - askedAtMs), 0));
    return () => {
      clearTimeout(timer);
      timer = undefined;
    };
  }

  #isAlive(url: string): Promise<boolean> {
    let asked = this.#signsOfLife.get(url);
    if (asked === undefined) {
      asked = showsLife(url);
      this.#signsOfLife.set(url, asked);
      const forget = () => void this.#signsOfLife.delete(url);
      void asked.then((isAlive) => (isAlive ? forget() : setTimeout(forget, SILENT_MS).unref()));
    }
    return asked;
  }
}

/** Whether a replica answers anything at all. */
function showsLife(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ agent: false, ...hostOf(url), path: '/v2/health/live' });
    const cancel = startPatientTimer(SIGN_OF_LIFE_MS, () => sent.destroy());
    sent.once('response', (response) => {
      response.resume();
      resolve(true);
    });
    sent.once('error', () => resolve(false));
    sent.once('close', () => {
      cancel();
      resolve(false);
    });
    sent.end();
  });
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
