import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Headers must be there by then; slow clients hold sockets otherwise. */
const HEADERS_TIMEOUT_MS = 15_000;

/** An idle connection is kept a little longer than most proxies keep theirs, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** How long requests that are under way may go on when the process stops. */
const DRAIN_MS = 5_000;

const IDLE_CHECK_MS = 50;

/** A server with time limits that long uploads survive: a whole request may take any time, a pause in it may not. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      requestTimeout: 0,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
    },
    listener,
  );
  // Who takes the body tells the client to send it; a refusal then costs no upload.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  trackUnused(server);
  return server;
}

/** Begins to listen; answers where. */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server.address() as AddressInfo;
}

/** Takes no more connections, lets requests end, and then ends what is left. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that is kept alive becomes idle when its request ends, which may be later than now.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
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
