import { connect } from 'node:net';
import { getRequest } from '../harness/raw-client.js';

const BUFFER_BYTES = 1 << 18;
const HEADER_END = '\r\n\r\n';

/** One buffer for all clients: what arrives is counted and dropped. */
const buffer = Buffer.alloc(BUFFER_BYTES);

/** Downloads a file on a connection of its own and drops it. Returns its bytes. @throws Error if it is not whole */
export function drain(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    let expected = Number.POSITIVE_INFINITY;
    let sizeBytes = 0;
    const take = (bytes: number): boolean => {
      if (received === 0) {
        const header = buffer.toString('latin1', 0, bytes);
        sizeBytes = Number(/content-length: *(\d+)/i.exec(header)?.[1]);
        expected = header.indexOf(HEADER_END) + HEADER_END.length + sizeBytes;
        if (!header.startsWith('HTTP/1.1 200')) socket.destroy(new Error(header.split('\r\n', 1)[0]));
      }
      received += bytes;
      if (received >= expected) socket.destroy();
      return true;
    };
    const socket = connect({ host: '127.0.0.1', port, onread: { buffer, callback: take } });
    socket.once('connect', () => socket.write(getRequest(path)));
    socket.once('error', reject);
    socket.once('close', () => {
      if (received === expected) resolve(sizeBytes);
      else reject(new Error(`The download ended after ${received} of ${expected} bytes.`));
    });
  });
}
