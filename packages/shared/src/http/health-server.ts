import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { withTimeout } from '../process/lifecycle.js';
import { listen } from './server.js';

/** Longest time that a readiness check may take. */
const CHECK_TIMEOUT_MS = 2_000;

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
  /** Settles when the worker can do its work. */
  ready(): Promise<void>;
  /** What `/metrics` shows. */
  readonly registry: Registry;
}

/** Serves `/livez` (the process answers), `/readyz` (it can do its work) and `/metrics` (Prometheus). @throws ConfigurationError if the address cannot be used */
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

async function answer(url: string, options: HealthOptions): Promise<Answer> {
  const { registry } = options;
  const [pathname] = url.split('?');
  try {
    if (pathname === '/livez') return text(200, 'ok\n');
    if (pathname === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() };
    if (pathname !== '/readyz') return text(404, 'not found\n');
    await withTimeout(options.ready(), CHECK_TIMEOUT_MS);
    return text(200, 'ok\n');
  } catch {
    return text(503, 'not ready\n');
  }
}
