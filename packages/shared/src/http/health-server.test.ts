import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { Conditions } from '../process/conditions.js';
import { measureProcess } from '../process/package-version.js';
import { type HealthServer, startHealthServer } from './health-server.js';

let server: HealthServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const conditions = new Conditions(pino({ level: 'silent' }));

async function start(ready: () => boolean): Promise<(path: string) => Promise<Response>> {
  const registry = new Registry();
  measureProcess(registry, 'test');
  const started = await startHealthServer({ host: '127.0.0.1', port: 0, ready, conditions, registry });
  server = started;
  return (path) => fetch(`http://127.0.0.1:${started.port}${path}`);
}

it('answers whether the process lives and whether it can work', async () => {
  let well = true;
  const get = await start(() => well);
  expect((await get('/livez')).status).toBe(200);
  const ready = await get('/readyz?verbose');
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, conditions: [] }]);
  conditions.raise('REDIS_FULL', 'Redis is full.');
  expect(await (await get('/readyz')).json()).toEqual({
    ready: true,
    conditions: [{ code: 'REDIS_FULL', message: 'Redis is full.', since: expect.any(String) }],
  });
  well = false;
  expect((await get('/livez')).status).toBe(200);
  const unready = await get('/readyz');
  expect([unready.status, await unready.json()]).toMatchObject([503, { ready: false }]);
});

it('gives the metrics of the process, and nothing elsewhere', async () => {
  const get = await start(() => true);
  const metrics = await get('/metrics');
  expect(metrics.headers.get('content-type')).toContain('text/plain');
  const text = await metrics.text();
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).toMatch(/caissa_build_info\{service="test",version="\d+\.\d+\.\d+"\} 1/);
  expect((await get('/')).status).toBe(404);
  expect((await get('//')).status).toBe(404);
});
