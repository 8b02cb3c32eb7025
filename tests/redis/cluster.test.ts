import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentedRights } from '../setup/documented-rights.js';
import { loseServer, startOnRedis, useEverything } from '../setup/full-use.js';
import { type RedisProcess, RedisServers } from '../setup/redis-servers.js';
import { ownerOf, startCluster } from '../setup/redis-topologies.js';
import { type System, until } from '../setup/system.js';

const PASSWORD = 'p@ss/word';
const PREFIX = '{caissa-test}';

describe('on a Redis Cluster', () => {
  let servers: RedisServers;
  let nodes: RedisProcess[];
  let system: System;
  beforeAll(async () => {
    servers = await RedisServers.open();
    nodes = await startCluster(servers, 6, { requirepass: PASSWORD, masterauth: PASSWORD }, { password: PASSWORD });
    const rights = await documentedRights(PREFIX, PASSWORD);
    for (const node of nodes) await node.ask('ACL', 'SETUSER', ...rights, '+cluster|info', '+cluster|slots');
    // Of any master the API warns.
    await nodes[2]?.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    // One that is not the first to be asked, and nothing but a seed.
    const seeds = [nodes[1], nodes[2]].map((node) => `127.0.0.1:${node?.port}`);
    const redisUrl = `redis+cluster://caissa:${encodeURIComponent(PASSWORD)}@${seeds.join()}`;
    system = await startOnRedis({ redisUrl, env: { REDIS_PREFIX: PREFIX } });
  });
  afterAll(async () => {
    await system?.stop();
    await servers?.stop();
  });

  it('everything works, and all keys lie on one node', async () => {
    const failure = await useEverything(system).catch((error: unknown) => error);
    for (const node of nodes) expect(await node.ask('ACL', 'LOG')).toEqual([]);
    expect(failure).toBeUndefined();
    expect(system.logs()).toContain('set maxmemory-policy to noeviction');
    const owner = await ownerOf(nodes, PREFIX);
    for (const node of nodes.slice(0, 3)) expect(Number(await node.ask('DBSIZE')) > 0).toBe(node === owner);
  });

  it('no job is lost when that node is killed and the one that took over freezes', async () => {
    const first = await ownerOf(nodes, PREFIX);
    await loseServer(system, async () => {
      await first.signal('SIGKILL');
      await until('another node has the keys', async () => (await ownerOf(nodes, PREFIX)) !== first);
      // It closes no connection, so that clients have to leave by themselves, while the cluster does not work yet.
      await (await ownerOf(nodes, PREFIX)).signal('SIGSTOP');
    });
  }, 400_000);
});
