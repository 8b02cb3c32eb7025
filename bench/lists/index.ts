import { join } from 'node:path';
import { startRedisServer, usablePort } from '@caissa/launcher';
import { HttpClient } from '../accept/http-client.js';
import { startBareExpress } from '../accept/start-bare-express.js';
import { alternate, type Probe } from '../harness/alternate.js';
import { measureRequests } from '../harness/client-load.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { processorMs } from '../harness/processor-time.js';
import { getRequest } from '../harness/raw-client.js';
import { startService } from '../harness/service-processes.js';
import { quantile } from '../harness/statistics.js';
import { untilReady } from '../queue/until-ready.js';
import { fillSystem, modelName } from './fill-system.js';

const PREFIX = 'caissa';
const CLIENTS = 50;
const BARE_PATH = '/api/model/list';

/** Entries of each list, and how often each contestant is asked in a round; half as often for half a megabyte. */
const SIZES = { full: { entries: 10_000, requests: 1_000 }, smoke: { entries: 2_000, requests: 200 } };

const LARGE_BYTES = 1 << 18;

/** What is asked for, and how long 99 of 100 answers may take at most. */
const QUESTIONS = [
  { title: 'list of models, a page of 100', path: '/api/model/list?limit=100', atMostMs: 30 },
  { title: 'list of models, the default page of 1,000', path: '/api/model/list', atMostMs: 30 },
  { title: 'list of exports, a page of 100', path: '/api/model/exports?limit=100', atMostMs: 30 },
  { title: 'list of exports, the default page of 1,000', path: '/api/model/exports', atMostMs: 30 },
  { title: 'one model', path: `/api/model/info/${modelName(1_000)}`, atMostMs: 10 },
];

type Question = (typeof QUESTIONS)[number];

/** How fast lists of ten thousand models and exports are for fifty clients at once. */
export const lists: Benchmark = {
  name: 'lists',
  summary: `pages of lists of 10,000 models and exports for ${CLIENTS} clients that each ask without a pause`,
  async run({ folder, runs, smoke, say }) {
    const { entries, requests } = smoke ? SIZES.smoke : SIZES.full;
    const dataDir = join(folder, 'data');
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const port = await usablePort('127.0.0.1', 0);
    await fillSystem({ redisUrl: redis.url, dataDir, prefix: PREFIX }, entries);
    const api = startService('api', { redisUrl: redis.url, dataDir, port });
    const client = new HttpClient(port);
    try {
      await untilReady(client, modelName(0));
      const comparisons: Comparison[] = [];
      for (const question of QUESTIONS) {
        comparisons.push(...(await ask(question, { client, port, pid: api.pid, runs, requests })));
      }
      return comparisons;
    } finally {
      client.close();
      await api.stop();
      await redis.stop();
    }
  },
};

interface Setup {
  readonly client: HttpClient;
  readonly port: number;
  readonly pid: number;
  readonly runs: number;
  readonly requests: number;
}

async function ask({ title, path, atMostMs }: Question, { client, port, pid, runs, requests }: Setup) {
  const { status, body } = await client.call({ method: 'GET', path });
  if (status !== 200) throw new Error(`${status}: ${body}`);
  const bare = await startBareExpress({ list: body.toString(), accepted: '' });
  const count = body.length > LARGE_BYTES ? requests / 2 : requests;
  const ours = new Load('Caissa', { port, pid }, path, count);
  const reference = new Load('a bare Express route, same bytes', bare, BARE_PATH, count);
  const [bareRate, rate] = (await alternate([reference, ours], runs)) as [Series, Series];
  bare.stop();
  return [
    {
      title: `${title} (${Math.round(body.length / 1024)} KiB)`,
      unit: 'requests/s',
      reference: bareRate,
      ours: rate,
      target: { kind: 'ratio', atLeast: 0.5 },
      informs: true,
    },
    {
      title: `${title}: processor time of one answer`,
      unit: 'ms',
      reference: reference.processor(),
      ours: ours.processor(),
      target: { kind: 'ratio', atMost: 2 },
    },
    {
      title: `${title}: p99`,
      unit: 'ms',
      reference: reference.p99(),
      ours: ours.p99(),
      target: { kind: 'value', atMost: atMostMs },
      // Milliseconds of fifty clients that ask without a pause say as much of the machine as of the program.
      informs: true,
    },
  ] satisfies Comparison[];
}

/** Answers a second, and beside it how long the slowest took and what the server did for them. */
class Load implements Probe {
  readonly label: string;
  readonly #server: { readonly port: number; readonly pid: number };
  readonly #request: Buffer;
  readonly #requests: number;
  readonly #p99: number[] = [];
  readonly #processor: number[] = [];

  constructor(label: string, server: { readonly port: number; readonly pid: number }, path: string, requests: number) {
    this.label = label;
    this.#server = server;
    this.#request = getRequest(path);
    this.#requests = requests;
  }

  async measure(): Promise<number> {
    const { port, pid } = this.#server;
    const before = await processorMs(pid);
    const { answersPerSecond, latenciesMs } = await measureRequests(port, CLIENTS, this.#request, this.#requests);
    this.#processor.push(((await processorMs(pid)) - before) / this.#requests);
    this.#p99.push(quantile(latenciesMs, 0.99));
    return answersPerSecond;
  }

  /** The p99 of each round but the first, which warms up. */
  p99(): Series {
    return { label: this.label, values: this.#p99.slice(1) };
  }

  /** Milliseconds of a processor that one answer took, likewise. */
  processor(): Series {
    return { label: this.label, values: this.#processor.slice(1) };
  }
}
