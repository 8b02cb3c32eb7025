import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import type { Readiness } from '../contracts/conditions.js';
import type { Conditions } from '../process/conditions.js';
import { listen } from './server.js';

/** The health endpoints of a worker, listening. */
export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What a {@link HealthServer} shows. */
export interface HealthOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whether the worker can do what it is for. */
  ready(): boolean;
  readonly conditions: Conditions;
  /** What `/metrics` shows. */
  readonly registry: Registry;
}

/**
 * Serves `/livez` (the process answers), `/readyz` (whether it can do what it is for, and what is wrong) and `/metrics`
 * (Prometheus). @throws ConfigurationError if the address cannot be used
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', options).then(({ status, type, body }) => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    });
  });
  return {
    port: await listen(server, { ...options, setting: 'HEALTH_PORT' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body });

async function answer(url: string, { ready, conditions, registry }: HealthOptions): Promise<Answer> {
  const [pathname] = url.split('?');
  if (pathname === '/livez') return text(200, 'ok\n');
  if (pathname === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() };
  if (pathname !== '/readyz') return text(404, 'not found\n');
  const readiness: Readiness = { ready: ready(), conditions: [...conditions.all] };
  return { status: readiness.ready ? 200 : 503, type: 'application/json', body: JSON.stringify(readiness) };
}
