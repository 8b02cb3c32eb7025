import { randomBytes } from 'node:crypto';
import type { JobType } from '@caissa/shared/contracts';
import { callRedis, type RedisClient } from './connect.js';

/** Name of every Redis key that is ours, under one prefix. BullMQ's own keys are `prefix:queue:…`. */
export interface RedisKeys {
  readonly prefix: string;
  /** The store that the prefix belongs to, as JSON; see `claimPrefix`. */
  readonly store: string;
  /** Hash: model name → catalogue entry as JSON. */
  readonly catalogue: string;
  /** Hash: model name → tensor list as JSON. */
  readonly catalogueTensors: string;
  /** Stream of the names of models whose entry changed; see `HashMirror`. */
  readonly catalogueChanges: string;
  /** Hash: model name → when its entry was last written or removed, by a clock that only goes on; the latest of all under ``. */
  readonly catalogueMoments: string;
  /** Hash: file name → manifest as JSON. */
  readonly exports: string;
  /** Stream of the names of exports that came or went; see `HashMirror`. */
  readonly exportsChanges: string;
  /** Sorted set: file name by time of export. */
  readonly exportsByDate: string;
  /** Is there if the list of exports has all that the store held when it was last looked through. */
  readonly exportsIndexed: string;
  /** Is there while a process looks through the store: how many exports there are, once that is known; see `Claim`. */
  readonly exportsIndexing: string;
  /** Sorted set: job id by time of creation, all kinds of work. */
  readonly jobsByDate: string;
  /** Hash of the model that is served; see `PointerState`. */
  readonly active: string;
  /** Channel that carries each new generation. */
  readonly activeChannel: string;
  /** Hash of the order of requested activations; see `takeTurn`. */
  readonly activationTurns: string;
  /** Sorted set: job id of a requested activation that is not over by its place in the order. */
  readonly activationsWaiting: string;
  /** Hash: job id → entry of the journal as JSON. */
  readonly activations: string;
  /** Sorted set: job id by begin of the activation. */
  readonly activationsByDate: string;
  /** Tells what Redis remembers now from what it remembered before it lost everything: a text that loaders have chosen. */
  readonly activationsIndexed: string;
  /** List: entries of the journal that no loader has written to its file yet, as JSON. */
  readonly activationsRefused: string;
  /** Set of loader ids that have reported themselves. */
  readonly loaders: string;
  loaderHeartbeat(id: string): string;
  /** The secret that services show to each other. */
  readonly internalToken: string;
  /** Hash: name of an upload that comes in pieces → time of its last piece and what it is; see `UploadRegister`. */
  readonly uploads: string;
  /** Is there while a process receives a piece of an upload; see `Claim`. */
  uploadClaim(upload: string): string;
  /** Is written to see whether Redis takes writes; see `RedisWatch`. */
  readonly writable: string;
  idempotency(scope: string): string;
  /** Stream of a queue's events, written by BullMQ. */
  queueEvents(type: JobType): string;
  /** Hash of a job, written by BullMQ. */
  job(type: JobType, id: string): string;
  /** List of the jobs of a queue that workers have taken, written by BullMQ. */
  activeJobs(type: JobType): string;
}

/** The keys under one prefix. */
export function redisKeys(prefix: string): RedisKeys {
  return {
    prefix,
    store: `${prefix}:store`,
    catalogue: `${prefix}:catalogue`,
    catalogueTensors: `${prefix}:catalogue:tensors`,
    catalogueChanges: `${prefix}:catalogue:changes`,
    catalogueMoments: `${prefix}:catalogue:moments`,
    exports: `${prefix}:exports`,
    exportsChanges: `${prefix}:exports:changes`,
    exportsByDate: `${prefix}:exports:by-date`,
    exportsIndexed: `${prefix}:exports:indexed`,
    exportsIndexing: `${prefix}:exports:indexing`,
    jobsByDate: `${prefix}:jobs:by-date`,
    active: `${prefix}:active`,
    activeChannel: `${prefix}:active:changed`,
    activationTurns: `${prefix}:active:turns`,
    activationsWaiting: `${prefix}:active:waiting`,
    activations: `${prefix}:activations`,
    activationsByDate: `${prefix}:activations:by-date`,
    activationsIndexed: `${prefix}:activations:indexed`,
    activationsRefused: `${prefix}:activations:refused`,
    loaders: `${prefix}:loaders`,
    loaderHeartbeat: (id) => `${prefix}:loader:${id}`,
    internalToken: `${prefix}:internal-token`,
    uploads: `${prefix}:uploads`,
    uploadClaim: (upload) => `${prefix}:uploads:${upload}`,
    writable: `${prefix}:writable`,
    idempotency: (scope) => `${prefix}:idempotency:${scope}`,
    queueEvents: (type) => `${prefix}:${type}:events`,
    job: (type, id) => `${prefix}:${type}:${id}`,
    activeJobs: (type) => `${prefix}:${type}:active`,
  };
}

/** Header by which services of one system prove to each other that they belong to it. */
export const INTERNAL_TOKEN_HEADER = 'x-caissa-internal';

/** The secret that the services under one prefix share; whoever asks first makes it. @throws AppError REDIS_UNAVAILABLE */
export function readInternalToken(redis: RedisClient, keys: RedisKeys): Promise<string> {
  return callRedis(async () => {
    const known = await redis.get(keys.internalToken);
    // A Redis that is full can still tell.
    if (known !== null) return known;
    await redis.set(keys.internalToken, randomBytes(32).toString('base64url'), 'NX');
    return (await redis.get(keys.internalToken)) ?? '';
  });
}
