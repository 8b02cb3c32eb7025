import { Agent, request } from 'node:http';
import { median } from '../harness/statistics.js';

/** An answer and how long it took. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly elapsedMs: number;
}

/** A request of a {@link HttpClient}. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly json?: unknown;
}

/** A client that keeps its connections, and waits for the last byte of each answer. */
export class HttpClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends one request. */
  call({ method, path, json }: Call): Promise<Answer> {
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const headers = body ? { 'content-type': 'application/json', 'content-length': body.length } : {};
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path, headers };
      const sent = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts),
            elapsedMs: performance.now() - begun,
          }),
        );
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** How {@link medianLatency} asks. */
export interface Load {
  readonly requests: number;
  /** Requests that are under way at any time. */
  readonly inFlight: number;
}

/** The middle of what `requests` requests take, in ms. `send` makes the nth one. @throws Error for another status */
export async function medianLatency(
  client: HttpClient,
  { requests, inFlight }: Load,
  expectedStatus: number,
  send: () => Call,
): Promise<number> {
  const elapsed: number[] = [];
  const worker = async () => {
    while (elapsed.length < requests) {
      const answer = await client.call(send());
      if (answer.status !== expectedStatus)
        throw new Error(`${answer.status}: ${answer.body.toString().slice(0, 500)}`);
      elapsed.push(answer.elapsedMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return median(elapsed);
}
