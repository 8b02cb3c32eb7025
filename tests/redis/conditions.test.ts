import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connectProducer, RedisWatch, redisKeys } from '@caissa/redis';
import { type HeartbeatReport, readHeartbeats, sendHeartbeat } from '@caissa/registry';
import { Conditions, createLogger } from '@caissa/shared/process';
import { parseRedisAddress } from '@caissa/shared/settings';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../setup/certificates.js';
import { type RedisProcess, RedisServers } from '../setup/redis-servers.js';
import { freePort } from '../setup/system.js';

let servers: RedisServers;
let plain: RedisProcess;
let locked: RedisProcess;
let tls: RedisProcess;
let ca: Buffer;
const cleanups: (() => void)[] = [];
beforeAll(async () => {
  servers = await RedisServers.open();
  const authority = await CertificateAuthority.create(servers.folder, 'authority');
  ca = await readFile(authority.file);
  const { cert, key } = await authority.issue('server');
  const port = await freePort();
  const files = { 'tls-ca-cert-file': authority.file, 'tls-cert-file': cert, 'tls-key-file': key };
  [plain, locked, tls] = await Promise.all([
    servers.start({}),
    servers.start({ requirepass: 'right' }, { password: 'right' }),
    servers.start({ port: '0', 'tls-port': String(port), 'tls-auth-clients': 'no', ...files }, { port, tls: { ca } }),
  ]);
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});
afterAll(() => servers?.stop());

function watch(url: string, secure?: { ca: Buffer }) {
  const address = parseRedisAddress(url);
  if (address === undefined) throw new Error(`${url} is no address`);
  const redis = connectProducer({ address, ...(secure && { tls: secure }) });
  const keys = redisKeys(`t-${randomUUID()}`);
  const conditions = new Conditions(createLogger('test', 'silent'));
  const redisWatch = new RedisWatch({ redis, keys, conditions });
  cleanups.push(
    () => redis.disconnect(),
    () => redisWatch.close(),
  );
  const seen = async () => {
    await redisWatch.look();
    return conditions.all;
  };
  return { redis, keys, redisWatch, seen };
}

describe('what keeps Redis from working is said in a sentence', () => {
  it.each([
    ['a wrong password', (): string => `redis://:wrong@127.0.0.1:${locked.port}`, 'REDIS_DENIED', /WRONGPASS/],
    ['no password', (): string => `redis://127.0.0.1:${locked.port}`, 'REDIS_DENIED', /NOAUTH/],
    ['nobody on the port', (): string => 'redis://127.0.0.1:1', 'REDIS_UNREACHABLE', /ECONNREFUSED/],
    ['a database that is not there', (): string => `redis://127.0.0.1:${plain.port}/99`, 'REDIS_UNSUITABLE', /number/],
    [
      'plain against TLS',
      (): string => `redis://127.0.0.1:${tls.port}`,
      'REDIS_UNREACHABLE',
      /begin REDIS_URL with rediss/,
    ],
    ['TLS against plain', (): string => `rediss://127.0.0.1:${plain.port}`, 'REDIS_UNREACHABLE', /with redis instead/],
    ['an unknown authority', (): string => `rediss://127.0.0.1:${tls.port}`, 'REDIS_UNREACHABLE', /REDIS_TLS_CA_FILE/],
    [
      'a cluster that is none',
      () => `redis+cluster://127.0.0.1:${plain.port}`,
      'REDIS_UNSUITABLE',
      /begin it with redis:/,
    ],
    ['no Sentinel', (): string => `redis+sentinel://127.0.0.1:${plain.port}/master`, 'REDIS_UNSUITABLE', /Sentinel/],
  ] as const)('%s', async (_, url, code, message) => {
    const { seen, redisWatch } = watch(url());
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject([{ code, message: expect.stringMatching(message) }]);
    expect(JSON.stringify(await seen())).not.toMatch(/wrong|127\.0\.0\.1/);
    expect(redisWatch.isUp).toBe(false);
  });

  it('a replica is told from its master, and is well once it is one', async () => {
    const { seen } = watch(`redis://127.0.0.1:${plain.port}`);
    await plain.ask('REPLICAOF', '127.0.0.1', String(locked.port));
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject([{ code: 'REDIS_READ_ONLY' }]);
    await plain.ask('REPLICAOF', 'NO', 'ONE');
    await expect.poll(seen, { timeout: 10_000 }).toEqual([]);
  });

  it('nothing is wrong over TLS with the authority of the server', async () => {
    expect(await watch(`rediss://127.0.0.1:${tls.port}`, { ca }).seen()).toEqual([]);
  });
});

it('a full Redis is said to be full, and goes on to list the loaders that it lists', async () => {
  const { seen, redis, keys } = watch(`redis://127.0.0.1:${plain.port}`);
  expect(await seen()).toEqual([]);
  const heartbeat: HeartbeatReport = {
    id: 'one',
    host: 'h',
    pid: 1,
    state: 'idle',
    model_name: null,
    generation: 0,
    problem: null,
    device_type: 'cpu',
    device_name: 'CPU',
    execution_providers: ['cpu'],
    cpu: { model: 'x', cores: 2 },
    memory: { total_bytes: 2, free_bytes: 1 },
  };
  await sendHeartbeat(redis, keys, heartbeat);
  await plain.ask('CONFIG', 'SET', 'maxmemory', '1mb');
  await expect.poll(seen).toMatchObject([{ code: 'REDIS_FULL' }]);
  await plain.ask('PEXPIRE', keys.loaderHeartbeat('one'), '500');
  await expect(sendHeartbeat(redis, keys, heartbeat)).rejects.toMatchObject({
    code: 'REDIS_UNAVAILABLE',
    message: expect.stringContaining('Redis is full'),
  });
  expect(Number(await plain.ask('PTTL', keys.loaderHeartbeat('one')))).toBeGreaterThan(2_000);
  expect(await readHeartbeats(redis, keys)).toMatchObject([{ id: 'one' }]);
  await plain.ask('CONFIG', 'SET', 'maxmemory', '0');
  await expect.poll(seen).toEqual([]);
});
