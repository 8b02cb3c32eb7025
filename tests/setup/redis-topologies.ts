import { z } from 'zod';
import type { RedisAccess, RedisConfiguration, RedisProcess, RedisServers } from './redis-servers.js';
import { until } from './system.js';

const SLOTS = 16_384;

/** How long a node may be silent before it counts as failed. */
const FAILED_AFTER_MS = '2000';

/** Lines `name:value` of an answer to INFO or CLUSTER INFO. */
async function readInfo(server: RedisProcess, ...command: [string, ...string[]]): Promise<Map<string, string>> {
  const text = String(await server.ask(...command));
  return new Map(
    text.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** A Redis Cluster: its first three nodes are masters of a third of the slots each, the others their replicas in turn. */
export async function startCluster(
  servers: RedisServers,
  replicas: number,
  settings: RedisConfiguration = {},
  access: RedisAccess = {},
): Promise<RedisProcess[]> {
  const nodes: RedisProcess[] = [];
  for (let count = 0; count < 3 + replicas; count++) {
    const cluster = { 'cluster-enabled': 'yes', 'cluster-node-timeout': FAILED_AFTER_MS, appendonly: 'yes' };
    nodes.push(await servers.start({ ...cluster, ...settings }, access));
  }
  const masters = nodes.slice(0, 3);
  for (const [at, master] of masters.entries()) {
    const from = Math.ceil((SLOTS * at) / 3);
    await master.ask('CLUSTER', 'ADDSLOTSRANGE', String(from), String(Math.ceil((SLOTS * (at + 1)) / 3) - 1));
    await master.ask('CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
  }
  for (const node of nodes.slice(1)) await node.ask('CLUSTER', 'MEET', '127.0.0.1', String(masters[0]?.port));
  const ids = await Promise.all(masters.map(async (master) => String(await master.ask('CLUSTER', 'MYID'))));
  for (const [at, replica] of nodes.slice(3).entries()) {
    const id = ids[at % 3] ?? '';
    await until('a replica knows its master', () => replica.ask('CLUSTER', 'REPLICATE', id).catch(() => undefined));
    await until('a replica follows', async () => (await readInfo(replica, 'INFO')).get('master_link_status') === 'up');
  }
  for (const node of nodes) {
    await until('the cluster works', async () => {
      const info = await readInfo(node, 'CLUSTER', 'INFO');
      return info.get('cluster_state') === 'ok' && info.get('cluster_known_nodes') === String(nodes.length);
    });
  }
  return nodes;
}

/** The node that holds a key, as one that runs tells. */
export async function ownerOf(nodes: readonly RedisProcess[], key: string): Promise<RedisProcess> {
  const alive = nodes.find((node) => node.runs);
  const slot = Number(await alive?.ask('CLUSTER', 'KEYSLOT', key));
  const ranges = z.array(z.tuple([z.int(), z.int(), z.tuple([z.string(), z.int()], z.unknown())], z.unknown()));
  const [, , [, port] = []] =
    ranges.parse(await alive?.ask('CLUSTER', 'SLOTS')).find(([from, to]) => from <= slot && slot <= to) ?? [];
  const owner = nodes.find((node) => node.port === port);
  if (!owner) throw new Error(`no node of the test holds slot ${slot}`);
  return owner;
}

/** A master, its replicas and three Sentinels of which two suffice. */
export interface SentinelSet {
  readonly data: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];
  /** The server that the Sentinels name as the master. */
  master(): Promise<RedisProcess>;
}

/** Starts a {@link SentinelSet}, whose master is known as `caissa`; data servers and Sentinels have different passwords. */
export async function startSentinels(
  servers: RedisServers,
  passwords: { readonly data: string; readonly sentinel: string },
): Promise<SentinelSet> {
  const data: RedisProcess[] = [];
  const auth = { requirepass: passwords.data, masterauth: passwords.data, appendonly: 'yes' };
  for (let count = 0; count < 3; count++) {
    const first = data[0];
    const replica = first ? { replicaof: `127.0.0.1 ${first.port}` } : {};
    const server = await servers.start({ ...auth, ...replica }, { password: passwords.data });
    if (first)
      await until('a replica follows', async () => (await readInfo(server, 'INFO')).get('master_link_status') === 'up');
    data.push(server);
  }
  const sentinels: RedisProcess[] = [];
  for (let count = 0; count < 3; count++) {
    const sentinel = await servers.startFromFile(
      [
        `requirepass ${passwords.sentinel}`,
        `sentinel sentinel-pass ${passwords.sentinel}`,
        `sentinel monitor caissa 127.0.0.1 ${data[0]?.port} 2`,
        `sentinel auth-pass caissa ${passwords.data}`,
        `sentinel down-after-milliseconds caissa ${FAILED_AFTER_MS}`,
        // Twice this must pass between two failovers.
        'sentinel failover-timeout caissa 2000',
      ],
      { password: passwords.sentinel },
      '--sentinel',
    );
    sentinels.push(sentinel);
  }
  for (const sentinel of sentinels) {
    await until('the Sentinels know each other and the replicas', async () => {
      const [, line = ''] = /master0:(.*)/.exec(String(await sentinel.ask('INFO', 'sentinel'))) ?? [];
      return /status=ok.*slaves=2,sentinels=3/.test(line);
    });
  }
  const master = async () => {
    const address = await sentinels[0]?.ask('SENTINEL', 'get-master-addr-by-name', 'caissa');
    const port = Array.isArray(address) ? Number(address[1]) : 0;
    const found = data.find((server) => server.port === port);
    if (!found) throw new Error(`no server of the test listens on port ${port}`);
    return found;
  };
  return { data, sentinels, master };
}
