import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@caissa/shared/errors';
import {
  BODY_LIMIT_BYTES,
  BodyReader,
  ClientGoneError,
  closeServer,
  createHttpServer,
  listen,
} from '@caissa/shared/http';
import type { Logger } from '@caissa/shared/process';
import type { Registry } from 'prom-client';
import type { InferenceEngine } from '../inference/engine.js';
import { Access, type AccessOptions } from './access.js';
import { type Answer, sendAnswer } from './answer.js';
import { readDecoded } from './content-coding.js';
import type { Exchange } from './exchange.js';
import { failureAnswer, malformedRequest } from './failure.js';
import { matchRoute, type RouteMatch } from './routes.js';

/** Time for the head of a request, and for all of it. A slow client costs a connection and what it has sent, no more. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000 };

/** What the server works with. */
export interface ProtocolOptions extends AccessOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly engine: InferenceEngine;
  /** Whether positions can be answered: the active model, if there is one, is open. */
  readonly ready: () => boolean;
  readonly logger: Logger;
  /** What `/metrics` shows; nothing without one. */
  readonly metrics?: Registry;
  /** Told of every answer. */
  readonly onAnswer?: (route: string, status: number, seconds: number) => void;
}

/** A server of the Open Inference Protocol, listening. */
export interface ProtocolServer {
  readonly port: number;
  /** Takes no more requests, lets those under way finish for `graceMs`, and ends the connections. */
  close(graceMs: number): Promise<void>;
}

/** Serves the Open Inference Protocol v2 and the evaluation of positions over HTTP. @throws ConfigurationError if the address cannot be used */
export async function startProtocolServer(options: ProtocolOptions): Promise<ProtocolServer> {
  const answering = new Answering(options);
  const handle = (request: IncomingMessage, response: ServerResponse) => void answering.handle(request, response);
  const server = createHttpServer(TIMEOUTS, handle).on('checkExpectation', handle);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answering.refuse(error, socket));
  const { host, port } = options;
  return {
    port: await listen(server, { host, port, setting: 'LOADER_PORT' }),
    close: (graceMs) => closeServer(server, graceMs),
  };
}

/** Answers requests; what belongs to all of them together. */
class Answering {
  readonly #options: ProtocolOptions;
  readonly #access: Access;
  readonly #bodies = new BodyReader();
  /** The answer that a connection waits for. */
  readonly #pending = new WeakMap<Socket, ServerResponse>();

  constructor(options: ProtocolOptions) {
    this.#options = options;
    this.#access = new Access(options);
  }

  /** Answers a request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onAnswer } = this.#options;
    const startedAtMs = onAnswer === undefined ? 0 : performance.now();
    this.#pending.set(request.socket, response);
    let match: RouteMatch | undefined;
    let answer: Answer;
    try {
      match = matchRoute(request.url ?? '/');
      answer = await this.#answer(match, request, response);
    } catch (error) {
      if (error instanceof ClientGoneError || response.destroyed) {
        response.destroy();
        return;
      }
      answer = failureAnswer(error, match?.route, request, this.#options.logger);
    }
    sendAnswer(response, answer);
    onAnswer?.(match?.route.path ?? 'none', answer.status, (performance.now() - startedAtMs) / 1000);
  }

  /** Answers what is not HTTP, or did not come in time. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    const pending = this.#pending.get(socket);
    const betweenAnswers = pending === undefined || pending.writableFinished || !pending.headersSent;
    if (socket.writable && betweenAnswers && error.code !== 'ECONNRESET') socket.write(malformedRequest(error.code));
    socket.destroySoon();
  }

  #answer({ route, params }: RouteMatch, request: IncomingMessage, response: ServerResponse): Answer | Promise<Answer> {
    if (route.method !== 'ANY' && request.method !== route.method) throw wrongMethod(route.method);
    const exchange: Exchange = {
      request,
      response,
      params,
      engine: this.#options.engine,
      ready: this.#options.ready,
      metrics: this.#options.metrics,
      readBody: (limitBytes = BODY_LIMIT_BYTES) => readDecoded(this.#bodies, request, response, limitBytes),
    };
    const checking = route.open ? undefined : this.#access.check(request);
    return checking === undefined ? route.handler(exchange) : checking.then(() => route.handler(exchange));
  }
}

function wrongMethod(allowed: string): AppError {
  return new AppError('METHOD_NOT_ALLOWED', `This route takes ${allowed} only.`);
}
