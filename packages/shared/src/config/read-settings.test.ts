import { describe, expect, test } from 'vitest';
import { ConfigurationError, readSettings } from './read-settings.js';
import { SETTINGS, type SettingName } from './settings.js';

const ALL = Object.keys(SETTINGS) as SettingName[];

function problems(env: Record<string, string>, names: readonly SettingName[] = ALL): string[] {
  try {
    readSettings(env, names);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error instanceof Error ? error.message.split('\n') : [];
  }
  return [];
}

test('every setting has its default when nothing is set', () => {
  const defaults = {
    PORT: 8001,
    HOST: '127.0.0.1',
    REDIS_URL: 'redis://127.0.0.1:6379',
    REDIS_TLS_CA_FILE: '',
    REDIS_TLS_CERT_FILE: '',
    REDIS_TLS_KEY_FILE: '',
    REDIS_PREFIX: 'caissa',
    RELEASE_STORE: '',
    DATA_DIR: './data',
    STORAGE_URL: '',
    S3_ENDPOINT: '',
    S3_REGION: '',
    S3_FORCE_PATH_STYLE: false,
    S3_PRESIGNED_DOWNLOADS: false,
    LOG_LEVEL: 'info',
    DEFAULT_WAIT_SECONDS: 0,
    EXPORT_CONCURRENCY: 2,
    MAX_UPLOAD_MB: 4096,
    KEEP_RECENT_EXPORTS: 0,
    KEEP_JOBS: 30_000,
    SOURCE_DATE_EPOCH: undefined,
    UNKNOWN_OBJECTS: 'describe',
    STRICT_ARCHITECTURE: false,
    EXPECTED_CHANNELS: 128,
    EXPECTED_BLOCKS: 6,
    INTRA_OP_THREADS: 0,
    MAX_SESSIONS: 3,
    MAX_BATCH: 64,
    MAX_QUEUE_DELAY_US: 2_000,
    MAX_QUEUE_POSITIONS: 4_096,
    LOADER_PORT: 8002,
    LOADER_URL: '',
    API_KEYS: [],
    API_KEYS_FILE: '',
    ALLOW_ANONYMOUS: false,
    CORS_ORIGINS: [],
    BASE_PATH: '',
    TRUSTED_PROXIES: [],
    RATE_LIMIT_PER_MINUTE: 3000,
    MAX_EVENT_STREAMS: 500,
    MAX_CONNECTIONS_PER_ADDRESS: 1000,
    WATCH_POLLING: false,
    HEALTH_PORT: 0,
    EXPORTERS: 1,
    SHUTDOWN_GRACE_SECONDS: 30,
    LOADERS: 1,
  };
  expect(readSettings({}, ALL)).toEqual(defaults);
  expect(readSettings(Object.fromEntries(ALL.map((name) => [name, ''])), ALL)).toEqual(defaults);
});

test('values are parsed, frozen, and only those asked for', () => {
  const settings = readSettings(
    {
      PORT: '0',
      API_KEYS: ' viewer:a:k1 ,, operator:b:k2 ',
      EXPECTED_CHANNELS: 'any',
      ALLOW_ANONYMOUS: 'true',
      X: '1',
    },
    ['PORT', 'API_KEYS', 'EXPECTED_CHANNELS', 'ALLOW_ANONYMOUS'],
  );
  expect(settings).toEqual({
    PORT: 0,
    API_KEYS: ['viewer:a:k1', 'operator:b:k2'],
    EXPECTED_CHANNELS: 'any',
    ALLOW_ANONYMOUS: true,
  });
  expect(Object.isFrozen(settings)).toBe(true);
});

describe('a bad value is refused in a sentence:', () => {
  test.each<[SettingName, string, string]>([
    ['PORT', '65536', 'PORT is "65536" but must be a whole number from 0 to 65535.'],
    ['PORT', '-1', 'PORT is "-1" but must be a whole number from 0 to 65535.'],
    ['PORT', '80.5', 'PORT is "80.5" but must be a whole number from 0 to 65535.'],
    ['PORT', '0x50', 'PORT is "0x50" but must be a whole number from 0 to 65535.'],
    ['PORT', ' 8001', 'PORT is " 8001" but must be a whole number from 0 to 65535.'],
    ['PORT', '9'.repeat(400), `PORT is "${'9'.repeat(400)}" but must be a whole number from 0 to 65535.`],
    ['HOST', 'a b', 'HOST is "a b" but must be an address or a host name.'],
    [
      'SOURCE_DATE_EPOCH',
      'yesterday',
      'SOURCE_DATE_EPOCH is "yesterday" but must be seconds since 1970-01-01 (UTC), a whole number of at most 253402300799.',
    ],
    ['REDIS_PREFIX', 'a:b', 'REDIS_PREFIX is "a:b" but must be 1 to 64 of the characters A-Z a-z 0-9 { } _ -.'],
    ['DATA_DIR', '  ', 'DATA_DIR is "  " but must be a folder.'],
    ['STORAGE_URL', 's3://', 'STORAGE_URL is "s3://" but must look like s3://bucket or s3://bucket/prefix.'],
    [
      'STORAGE_URL',
      's3://bucket/..',
      'STORAGE_URL is "s3://bucket/.." but must look like s3://bucket or s3://bucket/prefix.',
    ],
    ['STORAGE_URL', '/mnt/files', 'STORAGE_URL is "/mnt/files" but must look like s3://bucket or s3://bucket/prefix.'],
    [
      'S3_ENDPOINT',
      'minio:9000',
      'S3_ENDPOINT is "minio:9000" but must look like https://s3.example.com or http://minio:9000.',
    ],
    ['LOADER_URL', 'http://loader:99999', 'LOADER_URL is "http://loader:99999" but must look like http://host:8002.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud" but must be one of trace, debug, info, warn, error, fatal, silent.'],
    ['DEFAULT_WAIT_SECONDS', '61', 'DEFAULT_WAIT_SECONDS is "61" but must be a whole number from 0 to 60.'],
    ['EXPORT_CONCURRENCY', '0', 'EXPORT_CONCURRENCY is "0" but must be a whole number from 1 to 64.'],
    ['MAX_UPLOAD_MB', '0', 'MAX_UPLOAD_MB is "0" but must be a whole number from 1 to 1048576.'],
    ['KEEP_RECENT_EXPORTS', 'all', 'KEEP_RECENT_EXPORTS is "all" but must be a whole number from 0 to 1000000.'],
    ['UNKNOWN_OBJECTS', 'keep', 'UNKNOWN_OBJECTS is "keep" but must be describe or refuse.'],
    ['STRICT_ARCHITECTURE', '1', 'STRICT_ARCHITECTURE is "1" but must be true or false.'],
    ['EXPECTED_CHANNELS', '0', 'EXPECTED_CHANNELS is "0" but must be a positive whole number or the word any.'],
    ['EXPECTED_BLOCKS', 'Any', 'EXPECTED_BLOCKS is "Any" but must be a positive whole number or the word any.'],
    ['ALLOW_ANONYMOUS', 'yes', 'ALLOW_ANONYMOUS is "yes" but must be true or false.'],
    ['WATCH_POLLING', '1', 'WATCH_POLLING is "1" but must be true or false.'],
    ['RATE_LIMIT_PER_MINUTE', '', ''],
    ['HEALTH_PORT', '70000', 'HEALTH_PORT is "70000" but must be a whole number from 0 to 65535.'],
    ['EXPORTERS', '65', 'EXPORTERS is "65" but must be a whole number from 0 to 64.'],
    ['LOADERS', '-0', 'LOADERS is "-0" but must be a whole number from 0 to 64.'],
  ])('%s=%s', (name, value, sentence) => {
    expect(problems({ [name]: value }).join()).toBe(sentence);
  });

  test('all of them at once, and only of settings that are asked for', () => {
    expect(problems({ PORT: 'x', LOADERS: 'y' })).toHaveLength(2);
    expect(problems({ PORT: 'x', LOADERS: 'y' }, ['LOADERS'])).toHaveLength(1);
  });

  test('a secret is not shown', () => {
    const shown = problems({ REDIS_URL: 'http://user:hunter2@host' }).join();
    expect(shown).toContain('REDIS_URL must look like redis://');
    expect(shown).not.toContain('hunter2');
    const lone = problems({ REDIS_URL: 'redis://:hunter%2@host' }).join();
    expect(lone).toMatch(/^REDIS_URL has a % .*: write %25 /);
    expect(lone).not.toContain('hunter');
    const secrets = ALL.filter((name) => SETTINGS[name].secret);
    expect(secrets).toEqual(['REDIS_URL', 'API_KEYS']);
  });
});

describe('a misspelt name', () => {
  test.each([
    ['EXPORT_CONCURENCY', 'EXPORT_CONCURRENCY'],
    ['DEFAULT_WAIT_SECOND', 'DEFAULT_WAIT_SECONDS'],
    ['KEEP_RECENT_EXPORT', 'KEEP_RECENT_EXPORTS'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['ALLOW_ANONYMUS', 'ALLOW_ANONYMOUS'],
    ['MAX_UPLOADS_MB', 'MAX_UPLOAD_MB'],
  ])('%s is refused, also when that setting is not asked for', (wrong, right) => {
    expect(problems({ [wrong]: '1' }, ['PORT'])).toEqual([`${wrong} is not a setting; did you mean ${right}?`]);
  });

  test('variables of other programs are left alone', () => {
    const others = ['PATH', 'HOSTNAME', 'PORTS', 'XDG_DATA_DIRS', 'REDIS_PORT', 'REDIS_PORT_6379_TCP', 'NODE_OPTIONS'];
    expect(problems(Object.fromEntries([...others, 'npm_config_loglevel'].map((name) => [name, 'x'])))).toEqual([]);
  });
});
