import type { ConditionCode, REDIS_OUTAGES } from '@caissa/shared/contracts';

/** What keeps Redis from doing what it is asked. */
export interface Diagnosis {
  readonly code: Extract<ConditionCode, (typeof REDIS_OUTAGES)[number]>;
  /** Cause and cure in a sentence, without addresses or passwords. */
  readonly message: string;
}

export type Rule = readonly [pattern: RegExp, code: Diagnosis['code'], message: string];

/** Of a cluster whose nodes do not make a whole. */
export const CLUSTER_DOWN: Diagnosis = {
  code: 'REDIS_UNREACHABLE',
  message:
    'The Redis Cluster has no node for some of the keys: start the nodes that are away, or assign all its slots.',
};

/** What error replies mean. Source: redis.io, "Errors of Redis", and the sources of Redis 7 (`server.c`, `createSharedObjects`). */
export const REPLIES: readonly Rule[] = [
  [
    /^OOM /,
    'REDIS_FULL',
    'Redis is full (maxmemory) and takes no writes: give it more memory, or remove what others keep in it.',
  ],
  [/^WRONGPASS /, 'REDIS_DENIED', 'Redis does not accept the user name and password in REDIS_URL: correct them.'],
  [
    /^NOAUTH /,
    'REDIS_DENIED',
    'Redis asks for a password: write it into REDIS_URL, as in redis://user:password@host:6379.',
  ],
  [
    /^NOPERM /,
    'REDIS_DENIED',
    'The user of REDIS_URL lacks rights in Redis: give it those that docs/operations.md lists.',
  ],
  [
    /^DENIED /,
    'REDIS_DENIED',
    'Redis runs in protected mode and takes no connections from other machines: give it a password, and put that into REDIS_URL.',
  ],
  [/max number of clients/, 'REDIS_DENIED', 'Redis has as many connections as it may have: raise its maxclients.'],
  [
    /^READONLY /,
    'REDIS_READ_ONLY',
    'REDIS_URL points to a replica, which takes no writes: let it name the master, or the Sentinels that know it.',
  ],
  [
    /^MISCONF /,
    'REDIS_READ_ONLY',
    'Redis cannot save to its disk and takes no writes: free its disk, or let it write there; the log of Redis says more.',
  ],
  [
    /^NOREPLICAS /,
    'REDIS_READ_ONLY',
    'Redis takes no writes because too few of its replicas are there (min-replicas-to-write): start them.',
  ],
  [/^LOADING /, 'REDIS_STARTING', 'Redis is still reading its data after a start: wait until it has.'],
  [/^MASTERDOWN /, 'REDIS_STARTING', 'Redis is a replica that does not reach its master: start the master.'],
  [/^(CLUSTERDOWN|TRYAGAIN) /, CLUSTER_DOWN.code, CLUSTER_DOWN.message],
  [/^BUSY /, 'REDIS_STARTING', 'Redis is busy with a script that does not end: stop it with SCRIPT KILL.'],
  [
    /DB index|SELECT is not allowed/i,
    'REDIS_UNSUITABLE',
    'Redis has no database of the number in REDIS_URL: correct the number at its end; a Redis Cluster has only 0.',
  ],
  [
    /^MOVED /,
    'REDIS_UNSUITABLE',
    'REDIS_URL names one server, which is part of a Redis Cluster: begin it with redis+cluster.',
  ],
  [
    /cluster support disabled/,
    'REDIS_UNSUITABLE',
    'REDIS_URL names a Redis Cluster, but points to a server that is not part of one: begin it with redis: instead.',
  ],
  [/No such master/, 'REDIS_UNSUITABLE', 'The Sentinels know no master of the name in REDIS_URL: correct it.'],
  [
    /unknown command [`'](set|sentinel)\b/i,
    'REDIS_UNSUITABLE',
    'REDIS_URL confuses a server with a Sentinel: begin it with redis+sentinel for Sentinels, and with redis for a server.',
  ],
];

/** What failures of a connection mean, by the code of the error, or else its message. */
export const CONNECTIONS: readonly Rule[] = [
  [
    /^ECONNREFUSED$/,
    'REDIS_UNREACHABLE',
    'Nothing listens where REDIS_URL points: start Redis, or correct host and port.',
  ],
  [
    /^(ENOTFOUND|EAI_\w+)$/,
    'REDIS_UNREACHABLE',
    'The host name in REDIS_URL is not found: correct it, or the name service.',
  ],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/,
    'REDIS_UNREACHABLE',
    'The host in REDIS_URL cannot be reached over the network: look at the network and its firewalls.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'REDIS_UNREACHABLE', 'The certificate of Redis has expired: give Redis a new one.'],
  [/^CERT_NOT_YET_VALID$/, 'REDIS_UNREACHABLE', 'The certificate of Redis is not valid yet: set the clocks right.'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'REDIS_UNREACHABLE',
    'The certificate of Redis is for another name than the host in REDIS_URL: use that name, or another certificate.',
  ],
  [
    /^ERR_SSL_\w*(CERTIFICATE|CERT)_(REQUIRED|UNKNOWN|EXPIRED|REVOKED)$|_BAD_CERTIFICATE$|_UNKNOWN_CA$|HANDSHAKE_FAILURE$/,
    'REDIS_DENIED',
    'Redis does not accept our certificate, or asks for one: set REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE to one that it trusts.',
  ],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/,
    'REDIS_UNREACHABLE',
    'Redis does not speak TLS on this port: begin REDIS_URL with redis instead of rediss, or name the port with TLS.',
  ],
  [
    /CERT|ISSUER|^UNABLE_TO_/,
    'REDIS_UNREACHABLE',
    'The certificate of Redis is not from an authority that is trusted: name the file of that authority in REDIS_TLS_CA_FILE.',
  ],
  [/^ERR_SSL_/, 'REDIS_UNREACHABLE', 'The TLS handshake with Redis failed: compare the TLS settings of both sides.'],
  [
    /RESP type|Protocol error|Protocol Error/,
    'REDIS_UNSUITABLE',
    'What answers where REDIS_URL points is not Redis: correct host and port.',
  ],
  [
    /sentinels? (is|are) unreachable/i,
    'REDIS_UNREACHABLE',
    'None of the Sentinels in REDIS_URL answers: start them, or correct hosts and ports.',
  ],
];

/** Of a connection that the server ends before it has said anything. */
export const CLOSED: Diagnosis = {
  code: 'REDIS_UNREACHABLE',
  message:
    'Redis ends each connection at once: it may want TLS (begin REDIS_URL with rediss), be in protected mode, or have reached its maxclients; its log says which.',
};

/** Of a connection on which nothing comes. */
export const SILENT: Diagnosis = {
  code: 'REDIS_UNREACHABLE',
  message: 'Redis does not answer: look whether it runs, is overloaded, or is behind a firewall.',
};

/** The same where TLS was asked for: a server without it waits for more. */
export const SILENT_WITH_TLS: Diagnosis = {
  code: 'REDIS_UNREACHABLE',
  message:
    'Redis does not answer: look whether it runs and speaks TLS on this port; if it does not, begin REDIS_URL with redis instead of rediss.',
};

/** What says the least. */
export const VAGUE: readonly Diagnosis[] = [CLOSED, SILENT, SILENT_WITH_TLS];
