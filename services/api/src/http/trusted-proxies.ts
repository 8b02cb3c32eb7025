import { isIP } from 'node:net';
import { ConfigurationError } from '@caissa/shared/settings';
import type { Application, Express, Request } from 'express';

/**
 * Has an application believe the `X-Forwarded` headers of these proxies and of nobody else.
 * @throws ConfigurationError if one is no address or network
 */
export function trustProxies(app: Express, proxies: readonly string[]): void {
  const wrong = proxies.find((proxy) => !isUsable(app, proxy));
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `TRUSTED_PROXIES has "${wrong}", which is not an address such as 10.0.0.5, a network such as 172.16.0.0/12, or ` +
        'one of the words loopback, linklocal and uniquelocal.',
    );
  }
  app.set('trust proxy', [...proxies]);
}

/** Express takes numbers and `true` too, with which clients could say of themselves what they like. */
function isUsable(app: Express, proxy: string): boolean {
  const [address = ''] = proxy.split('/', 1);
  if (isIP(address) === 0 && !['loopback', 'linklocal', 'uniquelocal'].includes(proxy)) return false;
  try {
    app.set('trust proxy', [proxy]);
    return true;
  } catch {
    return false;
  }
}

/** Whether an address is that of a trusted proxy. */
export function isTrustedProxy(app: Application, address: string | undefined): boolean {
  return address !== undefined && app.get('trust proxy fn')(address, 0) === true;
}

/** The address of a client: its own, or the one that trusted proxies tell, without the port that some of them add. */
export function clientAddress(request: Pick<Request, 'headers' | 'ip' | 'socket'>): string {
  const { headers, socket } = request;
  // Most requests come from no proxy, and need no search for the client behind it.
  if (headers['x-forwarded-for'] === undefined) return socket.remoteAddress ?? 'unknown';
  const { ip = '' } = request;
  const bare = isIP(ip) === 0 ? ip.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1') : ip;
  return isIP(bare) === 0 ? (socket.remoteAddress ?? 'unknown') : bare;
}
