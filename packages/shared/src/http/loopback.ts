import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host, as a setting or a URL names it, can only be this machine. Names other than `localhost` may be anything. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  if (family === 0) return bare.toLowerCase() === 'localhost';
  return family === 4 ? bare.startsWith('127.') : LOOPBACK.check(bare, 'ipv6');
}

/** Whether a request was sent to this machine by a name that can only be its own; a page can make a name of its own point here. */
export function isSentToLoopback({ headers: { host } }: Pick<IncomingMessage, 'headers'>): boolean {
  // A client without the header is no browser.
  if (host === undefined) return true;
  return isLoopback(URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : host);
}
