import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobsContext } from '@caissa/queue';
import { type Heartbeat, sendHeartbeat } from '@caissa/registry';
import { HEARTBEAT } from './heartbeat.js';

/** A request that a replica got. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a replica responds. */
type Answering = (asked: Asked, response: ServerResponse) => void;

/** Stands in for a loader: listens on a port of its own and sends heartbeats. */
export interface FakeReplica {
  readonly id: string;
  readonly asked: Asked[];
  answer: Answering;
  /** Reports itself, once and for all: a test may take longer than a heartbeat lasts. */
  beat(change?: Partial<Heartbeat>): Promise<void>;
  /** Stops listening, as if it had been killed: Redis still lists it. */
  die(): Promise<void>;
}

/** Starts a replica that responds with its id. */
export async function startFakeReplica({ redis, keys }: Pick<JobsContext, 'redis' | 'keys'>): Promise<FakeReplica> {
  const id = randomUUID();
  const server = createServer((request, response) => {
    void collect(request).then((body) => {
      const { method = '', url: path = '', headers } = request;
      const asked = { method, path, headers, body };
      replica.asked.push(asked);
      replica.answer(asked, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const replica: FakeReplica = {
    id,
    asked: [],
    answer: (_asked, response) => void response.setHeader('Content-Length', id.length).end(id),
    beat: async (change) => {
      await sendHeartbeat(redis, keys, { ...heartbeatOf(id, port), ...change });
      await redis.persist(keys.loaderHeartbeat(id));
    },
    die: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
  await replica.beat();
  return replica;
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

function heartbeatOf(id: string, port: number): Heartbeat {
  return {
    ...HEARTBEAT,
    id,
    url: `http://127.0.0.1:${port}`,
    positions_served: 0,
    session_restarts: 0,
    sessions: [],
    started_at_ms: 0,
  };
}
