import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ConfigurationError } from '../config/read-settings.js';
import type { FailureFormat } from './failure-format.js';
import { refuseUnreadable } from './refuse-unreadable.js';
import { toOriginForm } from './request-head.js';

/** An idle connection is kept a little longer than most proxies keep theirs, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** How often slow clients are looked for. */
const SLOW_CHECK_MS = 5_000;

const IDLE_CHECK_MS = 50;

/** How long a client may take to send a request, so that slow ones do not hold sockets; in milliseconds. */
interface RequestTimeouts {
  readonly headersTimeout: number;
  /** For all of it; 0 for any time. */
  readonly requestTimeout: number;
}

/** How a server takes and refuses requests. */
export interface HttpServerOptions extends RequestTimeouts {
  /** The form of what is said of requests that cannot be read. */
  readonly failures: FailureFormat;
}

/**
 * A server whose idle connections outlive those of proxies, and which leaves it to `listener` to ask for an announced
 * body and to refuse a head by {@link checkHead}.
 */
export function createHttpServer({ failures, ...timeouts }: HttpServerOptions, listener: RequestListener): Server {
  const options = { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, connectionsCheckingInterval: SLOW_CHECK_MS };
  // Node's own refusals have no body.
  const server = createServer({ ...timeouts, ...options, requireHostHeader: false }, (request, response) => {
    toOriginForm(request);
    listener(request, response);
  });
  // Who takes the body tells the client to send it; a refusal then costs no upload.
  for (const event of ['checkContinue', 'checkExpectation']) {
    server.on(event, (request, response) => server.emit('request', request, response));
  }
  refuseUnreadable(server, failures);
  trackUnused(server);
  return server;
}

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Name of the setting that the port comes from. */
  readonly setting: string;
}

/** Begins to listen; returns the port. @throws ConfigurationError if the address cannot be used */
export async function listen(server: Server, { host, port, setting }: ListenAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      const reason = LISTEN_PROBLEMS[error.code ?? ''];
      const message = `Cannot listen on port ${port} of ${host}: ${reason}. ${setting} names the port.`;
      reject(reason === undefined ? error : new ConfigurationError(message));
    };
    server.once('error', onError).listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** An address that cannot be used is a matter of configuration: starting again would not help. */
const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'that takes a privilege',
  ENOTFOUND: 'no machine of that name was found',
};

/** The URL of a server on a host, which may be an IPv6 address; without a trailing slash. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Takes no more connections, lets requests that are under way go on for `graceMs`, and then ends what is left. A connection
 * ends with the answer that it waits for.
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  // Who sends one request after the other would never let its connection become idle.
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that is kept alive becomes idle when its request ends, which may be later than now.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  for (const socket of unused.get(server) ?? []) socket.destroy();
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

/** Connections that have not sent a request yet, as browsers open them in advance: Node does not count them as idle. */
const unused = new WeakMap<Server, Set<Socket>>();

function trackUnused(server: Server): void {
  const sockets = new Set<Socket>();
  unused.set(server, sockets);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', ({ socket }) => sockets.delete(socket));
}
