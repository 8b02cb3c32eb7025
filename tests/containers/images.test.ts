import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { docker, missingDocker, TAG } from './docker.js';

const MEGABYTE = 1e6;

/** What a shell in the image of a service prints. */
const inImage = (service: string, script: string) =>
  docker(['run', '--rm', '--network', 'none', `caissa-${service}:${TAG}`, 'sh', '-c', script]);

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe.skipIf(missingDocker())('images', () => {
  it.each([
    ['api', 250],
    ['exporter', 400],
    ['loader', 400],
  ])('that of the %s is no larger than %i MB', async (service, limitMb) => {
    const bytes = Number(await docker(['image', 'inspect', '--format', '{{.Size}}', `caissa-${service}:${TAG}`]));
    console.log(`caissa-${service}: ${(bytes / MEGABYTE).toFixed(0)} MB`);
    expect(bytes / MEGABYTE).toBeLessThanOrEqual(limitMb);
  });

  it.each(['api', 'exporter', 'loader'])(
    'that of the %s holds what the service runs, and runs it as nobody special',
    async (service) => {
      expect(await inImage(service, 'id -u; ls services')).toBe(
        service === 'api' ? '1000\napi\nweb' : `1000\n${service}`,
      );
      const unwanted =
        "-name typescript -o -name vitest -o -name vite -o -name '*.test.js' -o -name '*.d.ts' -o -name '*.map'";
      expect(await inImage(service, `find /app ${unwanted}; ls /usr/local/lib/node_modules 2>/dev/null; true`)).toBe(
        '',
      );
    },
  );

  it('those of the workers have the libraries of this platform only', async () => {
    const find = "find /app -name '*.so*' -o -name '*.dll' -o -name '*.dylib' -o -name 'onnxruntime*.node'";
    expect(lines(await inImage('api', find))).toEqual([]);
    for (const service of ['exporter', 'loader']) {
      const found = lines(await inImage(service, find));
      const platform = `/linux/${await inImage(service, 'node -p process.arch')}/`;
      expect(found.length).toBeGreaterThan(0);
      for (const file of found) expect(file).toContain(platform);
      expect(found.filter((file) => /cuda|tensorrt/.test(file))).toEqual([]);
    }
  });

  it('nobody but this machine reaches the API before somebody has said so', async () => {
    const project = `caissa-exposure-${randomBytes(4).toString('hex')}`;
    const env = { CAISSA_TAG: TAG, PUBLISH_HOST: '0.0.0.0', PUBLISH_PORT: '0', ALLOW_ANONYMOUS: '', API_KEYS_FILE: '' };
    const run = docker(['compose', '-p', project, 'run', '--rm', '--no-deps', 'api'], env);
    try {
      await expect(run).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('true only without PUBLISH_HOST'),
      });
    } finally {
      await docker(['compose', '-p', project, 'down', '--volumes'], env);
    }
    const published = JSON.parse(await docker(['compose', 'config', '--format', 'json'], { ...env, PUBLISH_HOST: '' }));
    expect(published.services.api.ports).toMatchObject([{ host_ip: '127.0.0.1' }]);
    for (const name of ['redis', 'exporter', 'loader']) expect(published.services[name].ports).toBeUndefined();
  });
});
