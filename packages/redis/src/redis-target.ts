import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { SettingName, SettingValue } from '@caissa/shared/settings';
import { ConfigurationError, parseRedisAddress, type RedisAddress, redisAddressProblem } from '@caissa/shared/settings';

/** The settings that say which Redis it is, and what belongs to us there. */
export const REDIS_SETTINGS = [
  'REDIS_URL',
  'REDIS_PREFIX',
  'RELEASE_STORE',
  'REDIS_TLS_CA_FILE',
  'REDIS_TLS_CERT_FILE',
  'REDIS_TLS_KEY_FILE',
] as const satisfies readonly SettingName[];

/** Which Redis to connect to, and how. */
export interface RedisTarget {
  readonly address: RedisAddress;
  /** What TLS needs besides the certificate authorities of the system. */
  readonly tls?: SecureContextOptions;
}

/** The target that an address alone describes. @throws ConfigurationError */
export function redisTarget(url: string): RedisTarget {
  const address = parseRedisAddress(url);
  if (address === undefined) throw new ConfigurationError(`REDIS_URL ${redisAddressProblem(url)}.`);
  return { address };
}

/**
 * The Redis that the settings name. Files of TLS are read now.
 * @throws ConfigurationError if the settings do not go together, or a file cannot be used
 */
export function readRedisTarget(
  settings: {
    readonly [P in (typeof REDIS_SETTINGS)[number]]: SettingValue<P>;
  },
): RedisTarget {
  const { REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE } = settings;
  const { address } = redisTarget(settings.REDIS_URL);
  if (address.kind === 'cluster') assertHashTag(settings.REDIS_PREFIX);
  const files = { REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE };
  const given = Object.entries(files).filter(([, file]) => file !== '');
  if (given.length === 0) return { address };
  if (!address.tls) {
    throw new ConfigurationError(`${given[0]?.[0]} is of use only with TLS: begin REDIS_URL with rediss.`);
  }
  if ((REDIS_TLS_CERT_FILE === '') !== (REDIS_TLS_KEY_FILE === '')) {
    throw new ConfigurationError('REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE go together: set both or neither.');
  }
  const tls = {
    ...(REDIS_TLS_CA_FILE === '' ? {} : { ca: read('REDIS_TLS_CA_FILE', REDIS_TLS_CA_FILE) }),
    ...(REDIS_TLS_CERT_FILE === '' ? {} : { cert: read('REDIS_TLS_CERT_FILE', REDIS_TLS_CERT_FILE) }),
    ...(REDIS_TLS_KEY_FILE === '' ? {} : { key: read('REDIS_TLS_KEY_FILE', REDIS_TLS_KEY_FILE) }),
  };
  assertUsable(tls);
  return { address, tls };
}

/**
 * All keys of a system must lie on one node of a Redis Cluster, because most scripts change several. The prefix is not
 * changed here: jobs that wait under the one that was set would be lost from sight.
 */
function assertHashTag(prefix: string): void {
  // Redis looks at the first pair of braces only.
  if (/^[^{]*\{[^}]+\}/.test(prefix)) return;
  throw new ConfigurationError(
    `REDIS_PREFIX is "${prefix}" but must have a hash tag on a Redis Cluster, which keeps all keys on one node: ` +
      `set REDIS_PREFIX={${prefix.replace(/[{}]/g, '') || 'caissa'}} for every service.`,
  );
}

function read(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ConfigurationError(`${name} names the file "${file}", which cannot be read (${reason}).`);
  }
}

function assertUsable(tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }): void {
  try {
    // A secure context passes over authorities that it cannot read.
    if (tls.ca) new X509Certificate(tls.ca);
    createSecureContext(tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`The REDIS_TLS_… files are not PEM certificates with their key: ${reason}.`);
  }
}
