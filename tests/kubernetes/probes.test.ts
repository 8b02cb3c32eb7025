import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { configMapData, readWorkloads } from '../setup/manifests.js';
import { freePort, type System, startSystem, until } from '../setup/system.js';

/** Settings that say where things are: they have places of their own in a test. */
const PLACES = ['HOST', 'PORT', 'LOADER_PORT', 'HEALTH_PORT', 'DATA_DIR', 'REDIS_PREFIX'];

describe('the probes of', () => {
  let system: System;
  let ports: Record<string, Record<string, number>>;
  beforeAll(async () => {
    const settings = Object.entries(configMapData('caissa-settings')).filter(([name]) => !PLACES.includes(name));
    system = await startSystem({
      redisUrl: inject('redisUrl'),
      exporters: 0,
      loaders: 0,
      env: Object.fromEntries(settings),
    });
    const [exporter, loader, inference] = [await freePort(), await freePort(), await freePort()];
    await system.start('exporter', { HEALTH_PORT: String(exporter) });
    await system.start('loader', { HEALTH_PORT: String(loader), LOADER_PORT: String(inference) });
    ports = {
      'caissa-api': { http: Number(new URL(system.url).port) },
      'caissa-exporter': { health: exporter },
      'caissa-loader': { health: loader, inference },
    };
  });
  afterAll(() => system?.stop());

  const services = readWorkloads().filter(({ kind }) => kind === 'Deployment');
  it.each(services.map((one) => [one.metadata.name, one] as const))('%s are answered', async (name, { spec }) => {
    const [container] = spec.template.spec.containers;
    for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      const port = ports[name]?.[httpGet?.port ?? ''];
      expect(port).toBeDefined();
      const url = `http://127.0.0.1:${port}${httpGet?.path}`;
      await until(`${url} answers`, async () => (await fetch(url).catch(() => undefined))?.status === 200);
    }
  });
});
