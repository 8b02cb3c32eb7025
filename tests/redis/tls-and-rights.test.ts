import { readFile } from 'node:fs/promises';
import { callRedis, connectProducer, REDIS_SETTINGS, readRedisTarget, waitUntilReady } from '@caissa/redis';
import { readSettings } from '@caissa/shared/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority, type CertificateFiles } from '../setup/certificates.js';
import { documentedRights } from '../setup/documented-rights.js';
import { startOnRedis, useEverything } from '../setup/full-use.js';
import { type RedisProcess, RedisServers } from '../setup/redis-servers.js';
import { freePort, type System } from '../setup/system.js';

const PREFIX = 'caissa-test';
describe('over TLS, with certificates on both sides and a user of few rights', () => {
  let servers: RedisServers;
  let server: RedisProcess;
  let client: CertificateFiles;
  let env: Record<string, string>;
  let system: System;
  beforeAll(async () => {
    servers = await RedisServers.open();
    const authority = await CertificateAuthority.create(servers.folder, 'authority');
    const own = await authority.issue('server');
    client = await authority.issue('client');
    const port = await freePort();
    const tls = {
      ca: await readFile(authority.file),
      cert: await readFile(client.cert),
      key: await readFile(client.key),
    };
    const files = { 'tls-ca-cert-file': authority.file, 'tls-cert-file': own.cert, 'tls-key-file': own.key };
    server = await servers.start({ port: '0', 'tls-port': String(port), ...files }, { port, tls });
    await server.ask('ACL', 'SETUSER', ...(await documentedRights(PREFIX, 'few-rights')));
    env = {
      REDIS_URL: `rediss://caissa:few-rights@127.0.0.1:${port}`,
      REDIS_PREFIX: PREFIX,
      REDIS_TLS_CA_FILE: authority.file,
      REDIS_TLS_CERT_FILE: client.cert,
      REDIS_TLS_KEY_FILE: client.key,
    };
    system = await startOnRedis({ redisUrl: env['REDIS_URL'] ?? '', env });
  });
  afterAll(async () => {
    await system?.stop();
    await servers?.stop();
  });

  it('everything works, and no command was refused', async () => {
    const failure = await useEverything(system).catch((error: unknown) => error);
    expect(await server.ask('ACL', 'LOG')).toEqual([]);
    expect(failure).toBeUndefined();
  });

  it('the user can neither read other keys nor administer', async () => {
    const redis = connectProducer(readRedisTarget(readSettings(env, REDIS_SETTINGS)));
    try {
      await waitUntilReady(redis, 20_000);
      await expect(redis.get('other')).rejects.toThrow('NOPERM');
      for (const [name, ...args] of [['FLUSHALL'], ['CONFIG', 'GET', '*'], ['KEYS', '*'], ['ACL', 'LIST']] as const) {
        await expect(redis.call(name, ...args)).rejects.toThrow('NOPERM');
      }
    } finally {
      redis.disconnect();
    }
  });

  it('a server of another authority is not talked to', async () => {
    const other = await CertificateAuthority.create(servers.folder, 'other');
    const strict = { ...env, REDIS_TLS_CA_FILE: other.file };
    const redis = connectProducer(readRedisTarget(readSettings(strict, REDIS_SETTINGS)));
    try {
      const problems: string[] = [];
      redis.on('error', (error: Error) => problems.push(error.message));
      await expect(waitUntilReady(redis, 2_000)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
      await expect(callRedis(() => redis.get(`${PREFIX}:x`))).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
      expect(problems.join()).toMatch(/certificate/);
    } finally {
      redis.disconnect();
    }
  });
});
