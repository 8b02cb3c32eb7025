import { DEFAULT_UNKNOWN_OBJECTS, listed, parseSourceDate, SOURCE_DATE_RULE, UNKNOWN_OBJECTS } from '@caissa/formats';
import { z } from 'zod';
import { BASE_PATH_RULE, parseBasePath } from './base-path.js';
import { redisAddressProblem } from './redis-address.js';

/** One environment variable: what it may be, what it is when unset, and what it does. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  readonly fallback: string;
  readonly description: string;
  /** Whether the value may hold a password and is never printed. */
  readonly secret: boolean;
}

const setting = <T>(
  schema: z.ZodType<T, string>,
  fallback: string,
  description: string,
  secret = false,
): Setting<T> => ({ schema, fallback, description, secret });

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

const boolean = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const countOrAny = z
  .string()
  .regex(/^(any|[1-9]\d{0,5})$/, 'must be a positive whole number or the word any')
  .transform((value) => (value === 'any' ? ('any' as const) : Number(value)));

const sourceDate = z
  .string()
  .refine((text) => text === '' || parseSourceDate(text) !== undefined, SOURCE_DATE_RULE)
  .transform(parseSourceDate);

const basePath = z
  .string()
  .refine((value) => parseBasePath(value) !== undefined, BASE_PATH_RULE)
  .transform((value) => parseBasePath(value) ?? '');

const redisUrl = z.string().superRefine((value, context) => {
  const message = redisAddressProblem(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const address = (pattern: RegExp, message: string) =>
  z.string().refine((value) => value === '' || (pattern.test(value) && URL.canParse(value)), message);

const text = (pattern: RegExp, message: string) => z.string().regex(pattern, message);

/** Longest time that a request is held for a result: most proxies give up after a minute without an answer. */
export const WAIT_LIMIT_SECONDS = 55;

/** Every setting there is. A service reads those it needs; the README's table is tested against this one. */
export const SETTINGS = {
  PORT: setting(integer(0, 65_535), '8001', 'port of the API; 0 takes a free one'),
  HOST: setting(text(/^\S+$/, 'must be an address or a host name'), '127.0.0.1', 'address the API listens on'),
  REDIS_URL: setting(
    redisUrl,
    'redis://127.0.0.1:6379',
    'the Redis to use: one server, Sentinels or a Cluster; `npm start` finds or provides one when this is unset',
    true,
  ),
  REDIS_TLS_CA_FILE: setting(z.string(), '', 'file of the certificate authorities that Redis is trusted by'),
  REDIS_TLS_CERT_FILE: setting(z.string(), '', 'file of the certificate that is shown to Redis'),
  REDIS_TLS_KEY_FILE: setting(z.string(), '', 'file of the key of that certificate'),
  REDIS_PREFIX: setting(
    text(/^[A-Za-z0-9{}_-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 { } _ -'),
    'caissa',
    'what every Redis key starts with; on a Redis Cluster it has a hash tag, such as `{caissa}`',
  ),
  RELEASE_STORE: setting(
    text(/^[\w-]*$/, 'must be the id of a store'),
    '',
    'id of a store of models that is gone for good, or was replaced on purpose, and whose `REDIS_PREFIX` this one takes over',
  ),
  DATA_DIR: setting(
    text(/\S/, 'must be a folder'),
    './data',
    'folder of `models/`, `exports/`, `active/` and `redis/`',
  ),
  STORAGE_URL: setting(
    text(
      /^(s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,62}(\/(?!\.\.?(\/|$))[A-Za-z0-9!_.*'()-]+)*\/?)?$/,
      'must look like s3://bucket or s3://bucket/prefix',
    ),
    '',
    'object store that holds the files instead of `DATA_DIR`, `s3://bucket/prefix`',
  ),
  S3_ENDPOINT: setting(
    address(/^https?:\/\/[^\s/@]+\/?$/, 'must look like https://s3.example.com or http://minio:9000'),
    '',
    'address of an object store that is not Amazon’s',
  ),
  S3_REGION: setting(
    text(/^[A-Za-z0-9-]{0,64}$/, 'must be the name of a region'),
    '',
    'region of the object store; `AWS_REGION` or the AWS profile says it when unset, and with `S3_ENDPOINT` it is `us-east-1`',
  ),
  S3_FORCE_PATH_STYLE: setting(
    boolean,
    'false',
    'addresses the bucket as a path instead of a host name, as MinIO needs it',
  ),
  S3_PRESIGNED_DOWNLOADS: setting(
    boolean,
    'false',
    'answers downloads with a redirect to the object store, which clients must reach, instead of sending the file',
  ),
  LOG_LEVEL: setting(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    }),
    'info',
    'trace, debug, info, warn, error, fatal or silent',
  ),
  DEFAULT_WAIT_SECONDS: setting(
    integer(0, 60),
    '0',
    `how long a request that starts work is held for its result when the client does not say; more than ${WAIT_LIMIT_SECONDS} counts as ${WAIT_LIMIT_SECONDS}`,
  ),
  EXPORT_CONCURRENCY: setting(integer(1, 64), '2', 'jobs that one exporter works on at once'),
  MAX_UPLOAD_MB: setting(integer(1, 1_048_576), '4096', 'largest checkpoint that can be uploaded'),
  KEEP_RECENT_EXPORTS: setting(integer(0, 1_000_000), '0', 'exports kept after each new one; 0 keeps all'),
  KEEP_JOBS: setting(
    integer(100, 10_000_000),
    '30000',
    'finished jobs that are kept at most of each kind and outcome; they go after seven days, or when there are more',
  ),
  SOURCE_DATE_EPOCH: setting(
    sourceDate,
    '',
    'date that exports state in their metadata, in seconds since 1970, so that the same checkpoint always gives the same bytes; that of the job when unset',
  ),
  UNKNOWN_OBJECTS: setting(
    z.enum(UNKNOWN_OBJECTS, { error: `must be ${listed(UNKNOWN_OBJECTS, 'or')}` }),
    DEFAULT_UNKNOWN_OBJECTS,
    'what becomes of objects of unknown classes in a checkpoint: `describe` leaves them out with a warning, `refuse` refuses the file',
  ),
  STRICT_ARCHITECTURE: setting(
    boolean,
    'false',
    'refuses a checkpoint whose weights are not of the architecture that it declares, instead of warning',
  ),
  EXPECTED_CHANNELS: setting(countOrAny, '128', 'channels a model must have to be activated, or `any`'),
  EXPECTED_BLOCKS: setting(countOrAny, '6', 'residual blocks a model must have to be activated, or `any`'),
  INTRA_OP_THREADS: setting(integer(0, 1_024), '0', 'threads of one session; 0 leaves it to onnxruntime'),
  MAX_SESSIONS: setting(integer(2, 64), '3', 'models that a loader holds open at once, the active one included'),
  MAX_BATCH: setting(integer(1, 1_024), '64', 'positions that are computed together'),
  MAX_QUEUE_DELAY_US: setting(
    integer(0, 1_000_000),
    '2000',
    'microseconds that a position waits for others to be computed with',
  ),
  MAX_QUEUE_POSITIONS: setting(integer(1, 1_000_000), '4096', 'positions that may wait for a model; more are refused'),
  LOADER_PORT: setting(integer(0, 65_535), '8002', 'port on which a loader answers positions; 0 takes a free one'),
  LOADER_URL: setting(
    address(/^https?:\/\/[^\s/]+$/, 'must look like http://host:8002'),
    '',
    'where the API reaches this loader; made of `HOST` or the host name, and the port, when unset',
  ),
  API_KEYS: setting(list, '', 'access keys, `role:name:key` separated by commas; role is `viewer` or `operator`', true),
  API_KEYS_FILE: setting(z.string(), '', 'file with one `role:name:key` a line, instead of `API_KEYS`'),
  ALLOW_ANONYMOUS: setting(boolean, 'false', 'lets the API listen beyond loopback without access keys'),
  CORS_ORIGINS: setting(list, '', 'origins of pages served elsewhere, separated by commas'),
  BASE_PATH: setting(basePath, '', 'path below which a proxy publishes the API, such as `/caissa`'),
  TRUSTED_PROXIES: setting(
    list,
    '',
    'addresses and networks, separated by commas, of proxies whose `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix` are believed (the last one from this machine always); also `loopback`, `linklocal` and `uniquelocal`',
  ),
  RATE_LIMIT_PER_MINUTE: setting(integer(0, 10_000_000), '3000', 'requests a minute per key or address; 0 is no limit'),
  MAX_EVENT_STREAMS: setting(
    integer(0, 1_000_000),
    '500',
    'event streams that one key or address may hold open in each API; 0 is no limit',
  ),
  MAX_CONNECTIONS_PER_ADDRESS: setting(
    integer(0, 1_000_000),
    '1000',
    'connections that one address may hold open in each API, beyond which the one that is idle for longest is closed; 0 is no limit',
  ),
  WATCH_POLLING: setting(boolean, 'false', 'watches the model folder by polling, for network volumes'),
  HEALTH_PORT: setting(
    integer(0, 65_535),
    '0',
    'port of `/livez`, `/readyz` and `/metrics` of a worker; 0 opens none (the API has them on its own port)',
  ),
  SHUTDOWN_GRACE_SECONDS: setting(
    integer(0, 3_600),
    '30',
    'how long downloads, uploads and positions under way may go on after SIGTERM; whatever kills the process must wait 15 s longer',
  ),
  EXPORTERS: setting(integer(0, 64), '1', 'exporter processes that `npm start` runs'),
  LOADERS: setting(integer(0, 64), '1', 'loader processes that `npm start` runs'),
} as const;

/** Name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Value of a setting, parsed. */
export type SettingValue<K extends SettingName> = (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
