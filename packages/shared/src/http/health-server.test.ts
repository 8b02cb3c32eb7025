import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { measureProcess } from '../process/package-version.js';
import { type HealthServer, startHealthServer } from './health-server.js';

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(ready: () => Promise<void>): Promise<(path: string) => Promise<Response>> {
  const registry = new Registry();
  measureProcess(registry, 'test');
  const started = await startHealthServer({ host: '127.0.0.1', port: 0, ready, registry });
  server = started;
  return (path) => fetch(`http://127.0.0.1:${started.port}${path}`);
}

it('answers whether the process lives and whether it can work', async () => {
  let well = true;
  const get = await start(async () => {
    if (!well) throw new Error('redis://user:secret@host is away');
  });
  expect((await get('/livez')).status).toBe(200);
  expect((await get('/readyz?verbose')).status).toBe(200);
  well = false;
  expect((await get('/livez')).status).toBe(200);
  const unready = await get('/readyz');
  expect(unready.status).toBe(503);
  expect(await unready.text()).toBe('not ready\n');
});

it('does not wait for ever for a check that hangs', async () => {
  const get = await start(() => new Promise(() => undefined));
  expect((await get('/readyz')).status).toBe(503);
});

it('gives the metrics of the process, and nothing elsewhere', async () => {
  const get = await start(async () => undefined);
  const metrics = await get('/metrics');
  expect(metrics.headers.get('content-type')).toContain('text/plain');
  const text = await metrics.text();
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).toMatch(/caissa_build_info\{service="test",version="\d+\.\d+\.\d+"\} 1/);
  expect((await get('/')).status).toBe(404);
  expect((await get('//')).status).toBe(404);
});
