import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import {
  BODY_LIMIT_BYTES,
  BodyReader,
  ClientGoneError,
  checkHead,
  closeServer,
  createHttpServer,
  listen,
  PROTOCOL_FORMAT,
} from '@caissa/shared/http';
import type { Logger } from '@caissa/shared/process';
import type { Registry } from 'prom-client';
import type { InferenceEngine } from '../inference/engine.js';
import { Access, type AccessOptions } from './access.js';
import { type Answer, sendAnswer } from './answer.js';
import { readDecoded } from './content-coding.js';
import type { Exchange } from './exchange.js';
import { failureAnswer } from './failure.js';
import { matchRoute, methodsOf, offers, type RouteMatch } from './routes.js';

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
  const server = createHttpServer({ ...TIMEOUTS, failures: PROTOCOL_FORMAT }, (request, response) => {
    void answering.handle(request, response);
  });
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

  constructor(options: ProtocolOptions) {
    this.#options = options;
    this.#access = new Access(options);
  }

  /** Answers a request. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { onAnswer } = this.#options;
    const startedAtMs = onAnswer === undefined ? 0 : performance.now();
    let match: RouteMatch | undefined;
    let answer: Answer;
    try {
      checkHead(request);
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

  #answer({ route, params }: RouteMatch, request: IncomingMessage, response: ServerResponse): Answer | Promise<Answer> {
    if (!offers(route, request.method)) throw wrongMethod(methodsOf(route));
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
