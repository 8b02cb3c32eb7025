import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/**
 * A way to the API as gateways are: it can be gone, drop connections or hold answers back. When the API is not there it
 * answers 502 in its place.
 */
export class HttpProxy {
  readonly #target: URL;
  readonly #open = new Set<{ readonly path: string; readonly response: ServerResponse }>();
  #server: Server | undefined;
  #port = 0;
  #asked: string[] = [];
  #held: { readonly paths: RegExp; readonly waiting: Map<() => void, string> } | undefined;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Opens the way, on the same port as before. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#pass(request, response));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Cuts every connection and refuses new ones. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    this.#server?.closeAllConnections();
    await closed;
  }

  /** How many requests came for a path. */
  count(path: string): number {
    return this.#asked.filter((one) => one === path).length;
  }

  /** Cuts the connections of the answers to a path that have not ended. */
  drop(path: string): void {
    for (const one of this.#open) if (one.path === path) one.response.destroy();
  }

  /** Holds back the answers to these paths, and to no others, until {@link release}, as an API does that has much to do. */
  hold(paths: RegExp): void {
    const before = this.#held?.waiting ?? [];
    this.#held = { paths, waiting: new Map() };
    for (const [goOn, path] of before) {
      if (paths.test(path)) this.#held.waiting.set(goOn, path);
      else goOn();
    }
  }

  /** Lets go what was held back. */
  release(): void {
    for (const goOn of this.#held?.waiting.keys() ?? []) goOn();
    this.#held = undefined;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.url).pathname;
    this.#asked.push(path);
    const entry = { path, response };
    this.#open.add(entry);
    response.once('close', () => this.#open.delete(entry));
    const held = this.#held;
    if (held?.paths.test(path)) await new Promise<void>((goOn) => held.waiting.set(goOn, path));
    const { hostname, port } = this.#target;
    const { method, url, headers } = request;
    const upstream = httpRequest({ hostname, port, method, path: url, headers, agent: false });
    upstream.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    });
    response.once('close', () => upstream.destroy());
    request.pipe(upstream);
  }
}
