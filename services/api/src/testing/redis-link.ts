import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to Redis that a test can spoil. */
export interface RedisLink {
  readonly url: string;
  /** Lets nothing through from now on, but keeps the connections: Redis looks frozen. */
  freeze(): void;
  /** Ends every connection and takes no new one, until `mend`. */
  cut(): void;
  /** Lets everything through again. */
  mend(): void;
  close(): void;
}

/** Opens a way to the Redis of a URL. */
export async function openRedisLink(redisUrl: string): Promise<RedisLink> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((client) => {
    if (!open) {
      client.destroy();
      return;
    }
    const redis = connect(Number(port), hostname);
    client.pipe(redis);
    redis.pipe(client);
    for (const [socket, other] of [[client, redis] as const, [redis, client] as const]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    cut,
    mend: () => {
      open = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
