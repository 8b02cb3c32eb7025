import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, SETTINGS, type SettingName } from '@caissa/shared/settings';
import { describe, expect, it } from 'vitest';
import { configMapData, readWorkloads } from '../setup/manifests.js';

const services = readWorkloads().filter(({ kind }) => kind === 'Deployment');

/** What the container sees; secrets are what the manual says they are. */
function environmentOf({ spec }: (typeof services)[number]): Record<string, string> {
  const [container] = spec.template.spec.containers;
  const shared = container.envFrom.map(({ configMapRef }) => configMapData(configMapRef.name));
  const env: Record<string, string> = Object.assign({}, ...shared);
  for (const { name, value, valueFrom } of container.env) {
    if (valueFrom?.secretKeyRef) env[name] = SECRETS[valueFrom.secretKeyRef.key] ?? '';
    else if (valueFrom?.fieldRef) env[name] = FIELDS[valueFrom.fieldRef.fieldPath] ?? '';
    else env[name] = (value ?? '').replace(/\$\((\w+)\)/g, (_, of: string) => env[of] ?? '');
  }
  return env;
}

const SECRETS: Readonly<Record<string, string>> = { 'redis-url': 'redis://:secret@caissa-redis:6379' };
const FIELDS: Readonly<Record<string, string>> = { 'status.podIP': '10.1.2.3' };

describe('the environment of', () => {
  it.each(services.map((one) => [one.metadata.name, one] as const))(
    '%s has settings alone, with values that may be',
    (name, service) => {
      const env = environmentOf(service);
      const unknown = Object.keys(env).filter((variable) => !Object.hasOwn(SETTINGS, variable));
      // What another variable is made of.
      expect(unknown).toEqual(name === 'caissa-loader' ? ['POD_IP'] : []);
      const settings = readSettings(env, Object.keys(SETTINGS) as SettingName[]);
      expect(settings).toMatchObject({ HOST: '0.0.0.0', WATCH_POLLING: true, ALLOW_ANONYMOUS: false });
      expect(settings.REDIS_URL).toBe(SECRETS['redis-url']);
      const [{ ports, volumeMounts }] = service.spec.template.spec.containers;
      const numbers = { http: settings.PORT, inference: settings.LOADER_PORT, health: settings.HEALTH_PORT };
      for (const port of ports) expect(numbers).toMatchObject({ [port.name]: port.containerPort });
      expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain(settings.DATA_DIR);
    },
  );

  it.each(services.map((one) => [one.metadata.name, one] as const))(
    '%s leaves time to let transfers go on and to put away the rest',
    (_, service) => {
      const { SHUTDOWN_GRACE_SECONDS: grace } = readSettings(environmentOf(service), ['SHUTDOWN_GRACE_SECONDS']);
      const { terminationGracePeriodSeconds, containers } = service.spec.template.spec;
      const [{ name, lifecycle }] = containers;
      const transfers = name === 'exporter' ? 0 : grace;
      const needed = (lifecycle?.preStop.sleep.seconds ?? 0) + transfers + 15;
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(needed);
    },
  );

  it('has as much time in the containers of one machine', () => {
    const compose = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
    const [, seconds] = /^ +stop_grace_period: "\$\{STOP_GRACE_PERIOD:-(\d+)s\}"$/m.exec(compose) ?? [];
    expect(Number(seconds)).toBe(Number(SETTINGS.SHUTDOWN_GRACE_SECONDS.fallback) + 15);
  });

  it('a loader says how the API reaches it', () => {
    const loader = services.find(({ metadata }) => metadata.name === 'caissa-loader');
    if (!loader) throw new Error('there is no loader');
    expect(environmentOf(loader)['LOADER_URL']).toBe('http://10.1.2.3:8002');
  });
});
