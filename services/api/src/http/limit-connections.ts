import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@caissa/shared/errors';
import type { RequestHandler } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

/** The connections of one address. */
interface Connections {
  /** Requests under way on each. */
  readonly open: Map<Socket, number>;
  /** Those without one, the longest idle first. */
  readonly idle: Set<Socket>;
}

/** Connections beyond the limit, of addresses none of whose other connections is idle. */
const refused = new WeakSet<Socket>();

/**
 * Limits how many connections one address may hold open; 0 is no limit. Beyond it the one that has been idle for longest is
 * closed; where none is, requests by the new one are answered with 429 by {@link refuseBeyondLimit}. A trusted proxy, which
 * has one address for all its clients, may hold any number.
 */
export function limitConnections(
  server: Server,
  perAddress: number,
  isTrusted: (address: string | undefined) => boolean,
): void {
  if (perAddress === 0) return;
  const addresses = new Map<string, Connections>();
  const known = new WeakMap<Socket, Connections>();
  server.on('connection', (socket) => {
    if (isTrusted(socket.remoteAddress)) return;
    const address = addressOf(socket);
    const of = addresses.get(address) ?? { open: new Map(), idle: new Set() };
    addresses.set(address, of);
    known.set(socket, of);
    if (of.open.size >= perAddress) {
      const [longestIdle] = of.idle;
      if (longestIdle === undefined) refused.add(socket);
      else end(longestIdle, of);
    }
    of.open.set(socket, 0);
    of.idle.add(socket);
    socket.once('close', () => {
      end(socket, of);
      if (of.open.size === 0) addresses.delete(address);
    });
  });
  server.on('request', ({ socket }, response) => {
    const of = known.get(socket);
    if (of === undefined) return;
    note(socket, of, 1);
    response.once('close', () => note(socket, of, -1));
  });
}

/** Who asks for these must not take a system that is busy for one that is broken. */
const PROBES = new Set(['/livez', '/readyz', '/metrics', '/v2/health/live', '/v2/health/ready']);

/** Refuses what comes by a connection beyond the limit of {@link limitConnections}, except probes. */
export const refuseBeyondLimit: RequestHandler = (request, response, next) => {
  if (!refused.has(request.socket)) return next();
  response.set('Connection', 'close');
  if (PROBES.has(request.path)) return next();
  const message = 'Too many connections from this address are in use; close some, or use them for several requests.';
  next(new AppError('RATE_LIMITED', message, { retryAfterSeconds: 1 }));
};

/** One client has many addresses of IPv6: a whole network counts as one. */
function addressOf({ remoteAddress }: Socket): string {
  return ipKeyGenerator(remoteAddress ?? 'unknown');
}

/** Counts a request that begins or ends. */
function note(socket: Socket, { open, idle }: Connections, by: 1 | -1): void {
  const before = open.get(socket);
  if (before === undefined) return;
  open.set(socket, before + by);
  if (before + by === 0) idle.add(socket);
  else idle.delete(socket);
}

function end(socket: Socket, { open, idle }: Connections): void {
  open.delete(socket);
  idle.delete(socket);
  socket.destroy();
}
