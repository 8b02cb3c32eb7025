import { createConnection } from 'node:net';

/** What a Redis server says of itself. */
export interface RedisIdentity {
  readonly processId: number;
}

/** Long, because a server that is only slow must not be taken for none: its data would be given to a second one. */
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Asks who answers on a port of this machine; undefined if nobody does, or no Redis, or one that is still reading its
 * data. The port alone proves nothing: another program may hold it.
 */
export function probeRedis(port: number): Promise<RedisIdentity | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    const finish = (identity?: RedisIdentity) => {
      socket.destroy();
      resolve(identity);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish());
    socket.on('error', () => finish());
    socket.on('close', () => finish());
    // Inline commands; the answer to INFO comes first, and while data is read PING is refused with -LOADING.
    socket.on('connect', () => socket.write('INFO server\r\nPING\r\n'));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
      const processId = /^process_id:(\d+)/m.exec(answer)?.[1];
      if (/^\+PONG/m.test(answer)) finish(processId === undefined ? undefined : { processId: Number(processId) });
      else if (/^-/m.test(answer)) finish();
    });
  });
}
