import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loseServer, startOnRedis, useEverything } from '../setup/full-use.js';
import { RedisServers } from '../setup/redis-servers.js';
import { type SentinelSet, startSentinels } from '../setup/redis-topologies.js';
import type { System } from '../setup/system.js';

const PASSWORDS = { data: 'data:p@ss', sentinel: 'sentinel&p@ss' };

describe('behind Sentinels', () => {
  let servers: RedisServers;
  let set: SentinelSet;
  let system: System;
  beforeAll(async () => {
    servers = await RedisServers.open();
    set = await startSentinels(servers, PASSWORDS);
    const hosts = set.sentinels.map(({ port }) => `127.0.0.1:${port}`).join();
    const password = encodeURIComponent(PASSWORDS.data);
    const query = `sentinel_password=${encodeURIComponent(PASSWORDS.sentinel)}`;
    system = await startOnRedis({ redisUrl: `redis+sentinel://:${password}@${hosts}/caissa/2?${query}` });
  });
  afterAll(async () => {
    await system?.stop();
    await servers?.stop();
  });

  it('everything works, in the database that was named', async () => {
    await useEverything(system);
    const keyspace = String(await (await set.master()).ask('INFO', 'keyspace'));
    expect(keyspace.match(/db\d+/g)).toEqual(['db2']);
  });

  it.each([
    ['is killed', 'SIGKILL'],
    // It closes no connection, so that clients have to leave by themselves.
    ['freezes', 'SIGSTOP'],
  ] as const)(
    'no job is lost when the master %s',
    async (_, signal) => {
      const master = await set.master();
      await loseServer(system, () => master.signal(signal));
      expect(await set.master()).not.toBe(master);
    },
    400_000,
  );
});
