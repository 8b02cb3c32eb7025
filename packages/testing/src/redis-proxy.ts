import { once } from 'node:events';
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';

/** A way to Redis that can be cut or frozen, as a network or a server can. */
export class RedisProxy {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #frozen = false;

  constructor(redisUrl: string) {
    const { hostname, port } = new URL(redisUrl);
    this.#target = { host: hostname, port: Number(port) };
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Opens the way, on the same port as before. */
  async start(): Promise<void> {
    this.#frozen = false;
    const server = createServer({ pauseOnConnect: true }, (client) => this.#join(client));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Cuts every connection and refuses new ones. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Passes nothing on while connections stay open and new ones are accepted, as when the server is suspended. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(client: Socket): void {
    const upstream = tcpConnect(this.#target);
    const pairs = [
      [client, upstream],
      [upstream, client],
    ] as const;
    for (const [from, to] of pairs) {
      this.#sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#frozen) from.pause();
      else from.resume();
    }
  }
}
