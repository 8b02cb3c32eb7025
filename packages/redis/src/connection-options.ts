import type { RedisAddress } from '@caissa/shared/settings';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-target.js';

type Address<K extends RedisAddress['kind']> = Extract<RedisAddress, { kind: K }>;

/** Replies have the shapes that BullMQ and we expect. */
type LegacyOptions = RedisOptions & { readonly replyMapping: 'legacy' };
type LegacyClusterOptions = ClusterOptions & { readonly redisOptions: LegacyOptions };

/** Longest pause between two attempts to reach Redis again. */
const RECONNECT_LIMIT_MS = 2_000;

const pauseMs = (attempt: number) => Math.min(attempt * 100, RECONNECT_LIMIT_MS);

/**
 * Never `lazyConnect`: BullMQ awaits the first attempt of a lazy connection, and a worker or watcher that was started
 * while Redis was away would stay dead for ever.
 */
const CONNECTION: LegacyOptions = {
  connectTimeout: 5_000,
  retryStrategy: pauseMs,
  replyMapping: 'legacy',
  // A master that became a replica is left. The command fails: sent again it could leave its transaction.
  reconnectOnError: (error) => /^(READONLY|UNBLOCKED)\b/.test(error.message),
};

/** Commands fail at once while Redis is away; a connection on which nothing comes is given up, as its server may be gone. */
export const PRODUCER: LegacyOptions = {
  ...CONNECTION,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  socketTimeout: 5_000,
};

/** Commands are kept until Redis is back. Blocking ones wait up to 10 s for an answer. */
export const WORKER: LegacyOptions = { ...CONNECTION, maxRetriesPerRequest: null, socketTimeout: 15_000 };

/** Longest time that a Sentinel is waited for before the next one is asked. */
const SENTINEL_TIMEOUT_MS = 2_000;

const CLUSTER: ClusterOptions = {
  clusterRetryStrategy: pauseMs,
  // A node that is frozen tells nobody that it was replaced.
  slotsRefreshInterval: 5_000,
  // Names are looked up as connections are opened: a certificate is for a name, and addresses change.
  dnsLookup: (name, callback) => callback(null, name),
};

/** Options of a client of one server, beside its address, or of the master that Sentinels name. */
export function redisOptions(
  address: Address<'single' | 'sentinel'>,
  tls: RedisTarget['tls'],
  base: LegacyOptions,
): LegacyOptions {
  const options = { ...base, ...(address.tls ? { tls: { ...tls } } : {}) };
  if (address.kind === 'single') return options;
  const { nodes, login, master, db, sentinelLogin } = address;
  const { username, password } = sentinelLogin;
  const sentinels = nodes.map((node) => ({ ...node }));
  const asWhom = {
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
  const secure = address.tls ? { sentinelTLS: { ...tls }, enableTLSForSentinelMode: true } : {};
  // Not `failoverDetector`: told of a new master while it connects, it ends the client for good. A master that froze is left
  // when `socketTimeout` is over.
  const names = { sentinels, name: master, db, sentinelCommandTimeout: SENTINEL_TIMEOUT_MS };
  return { ...options, ...login, ...asWhom, ...secure, ...names };
}

/** Options of a cluster client whose commands fail at once while the cluster is away. */
export function producerClusterOptions(address: Address<'cluster'>, tls: RedisTarget['tls']): LegacyClusterOptions {
  return { ...CLUSTER, enableOfflineQueue: false, redisOptions: nodeOptions(address, tls, PRODUCER) };
}

/** Options of a cluster client whose commands are kept: a failover takes as long as the cluster was told to wait. */
export function workerClusterOptions(address: Address<'cluster'>, tls: RedisTarget['tls']): LegacyClusterOptions {
  return {
    ...CLUSTER,
    redisOptions: nodeOptions(address, tls, WORKER),
    maxRedirections: Number.POSITIVE_INFINITY,
    // Nodes that disagree shall not be asked in a circle without a pause.
    retryDelayOnMoved: 20,
    retryDelayOnFailover: 200,
    retryDelayOnClusterDown: 200,
  };
}

function nodeOptions(address: Address<'cluster'>, tls: RedisTarget['tls'], base: LegacyOptions): LegacyOptions {
  return { ...base, ...address.login, ...(address.tls ? { tls: { ...tls } } : {}) };
}
