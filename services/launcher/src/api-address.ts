import { createServer } from 'node:net';
import { urlOf } from '@caissa/shared/http';
import { SetupError } from './setup-error.js';

/** How this machine reaches a server that listens on all of its addresses. */
const THIS_MACHINE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The URL under which this machine reaches a server that listens on `host`. */
export function localUrl(host: string, port: number): string {
  return urlOf(THIS_MACHINE[host] ?? host, port);
}

function cannotListen(code: string | undefined, host: string, port: number, setting: string): SetupError {
  if (code === 'EADDRINUSE') {
    return new SetupError(
      `Port ${port} of ${host} is taken by another program: stop that, or set ${setting} to another one.`,
    );
  }
  if (code === 'EACCES') {
    return new SetupError(`Listening on port ${port} is not permitted: set ${setting} to one above 1023.`);
  }
  return new SetupError(`HOST is "${host}", which is no address of this machine.`);
}

/**
 * The port to listen on: `port`, or a free one when that is 0.
 * @param setting what names the port, for whoever has to choose another one
 * @throws SetupError if it cannot be listened on, so that nothing else has to be started to find out
 */
export function usablePort(host: string, port: number, setting = 'PORT'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error.code, host, port, setting)));
    server.listen({ host, port }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
