import { once } from 'node:events';
import { connect } from 'node:net';

/** Sends bytes as they are, which `fetch` would refuse or tidy up, and returns all that comes back. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part;
  });
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

/** Sends a request line of our own making. */
export function rawGet(url: string, target: string): Promise<string> {
  return rawRequest(url, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
}
