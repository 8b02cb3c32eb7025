import { connect, type Socket } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');

/**
 * One connection that sends the same bytes again and again, as cheaply as can be: client and server share the cores
 * that are measured.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #expectedBytes = 0;
  #settle: { resolve(status: number): void; reject(error: Error): void } | undefined;

  constructor(port: number, request: Buffer) {
    this.#request = request;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (part) => this.#take(part));
    this.#socket.on('error', (error) => this.#settle?.reject(error));
    this.#socket.on('close', () => this.#settle?.reject(new Error('the connection was closed')));
  }

  /** Sends the request and waits for the last byte of the answer. Returns its status. */
  send(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (this.#socket.destroyed) reject(new Error('the connection was closed'));
      else this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(part: Buffer): void {
    this.#received.push(part);
    this.#receivedBytes += part.length;
    if (this.#expectedBytes === 0) this.#readHeader();
    if (this.#expectedBytes === 0 || this.#receivedBytes < this.#expectedBytes) return;
    const status = Number(this.#received[0]?.subarray(9, 12).toString('latin1'));
    this.#received = [];
    this.#receivedBytes = 0;
    this.#expectedBytes = 0;
    this.#settle?.resolve(status);
  }

  #readHeader(): void {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    const [bytes] = this.#received;
    const end = bytes?.indexOf(HEADER_END) ?? -1;
    if (bytes === undefined || end < 0) return;
    const length = /content-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1];
    if (length === undefined) this.#socket.destroy(new Error('the answer has no Content-Length'));
    else this.#expectedBytes = end + HEADER_END.length + Number(length);
  }
}

/** The bytes of a request without a body. */
export function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
}
