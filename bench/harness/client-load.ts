import { RawClient } from './raw-client.js';

/** One request that was answered, or not. */
export interface Sample {
  readonly begunMs: number;
  readonly endedMs: number;
  readonly ok: boolean;
}

/** Clients that each send one request after the other, until they are told to stop. */
export class ClientLoad {
  readonly samples: Sample[] = [];
  readonly #clients: RawClient[];
  readonly #done: Promise<unknown>;
  #stopped = false;

  constructor(port: number, clients: number, request: Buffer) {
    this.#clients = Array.from({ length: clients }, () => new RawClient(port, request));
    this.#done = Promise.all(this.#clients.map((_, index) => this.#work(port, request, index)));
  }

  /** Lets every client finish its request. */
  async stop(): Promise<readonly Sample[]> {
    this.#stopped = true;
    await this.#done;
    for (const client of this.#clients) client.close();
    return this.samples;
  }

  async #work(port: number, request: Buffer, index: number): Promise<void> {
    while (!this.#stopped) {
      const begunMs = performance.now();
      const client = this.#clients[index];
      const status = await client?.send().catch(() => 0);
      this.samples.push({ begunMs, endedMs: performance.now(), ok: status === 200 });
      if (status !== 0) continue;
      client?.close();
      this.#clients[index] = new RawClient(port, request);
    }
  }
}

/** Runs clients for some time; what came before everybody was under way is not counted. @throws Error if a request failed */
export async function measureLoad(
  port: number,
  clients: number,
  request: Buffer,
  durationMs: number,
): Promise<{ answersPerSecond: number; latenciesMs: number[] }> {
  const load = new ClientLoad(port, clients, request);
  await new Promise((resolve) => setTimeout(resolve, durationMs / 5));
  const fromMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const toMs = performance.now();
  const samples = await load.stop();
  const failed = samples.filter(({ ok }) => !ok).length;
  if (failed > 0) throw new Error(`${failed} of ${samples.length} requests failed.`);
  const counted = samples.filter(({ endedMs }) => endedMs > fromMs && endedMs <= toMs);
  return {
    answersPerSecond: (counted.length * 1000) / (toMs - fromMs),
    latenciesMs: counted.map(({ begunMs, endedMs }) => endedMs - begunMs),
  };
}

/** Has clients send so many requests in all. @throws Error if a request failed */
export async function measureRequests(
  port: number,
  clients: number,
  request: Buffer,
  count: number,
): Promise<{ answersPerSecond: number; latenciesMs: number[] }> {
  const open = Array.from({ length: clients }, () => new RawClient(port, request));
  const latenciesMs: number[] = [];
  let sent = 0;
  const begunMs = performance.now();
  try {
    const work = async (client: RawClient) => {
      while (sent++ < count) {
        const sentMs = performance.now();
        const status = await client.send();
        if (status !== 200) throw new Error(`A request was answered with ${status}.`);
        latenciesMs.push(performance.now() - sentMs);
      }
    };
    await Promise.all(open.map(work));
  } finally {
    for (const client of open) client.close();
  }
  return { answersPerSecond: (count * 1000) / (performance.now() - begunMs), latenciesMs };
}
