import { unwatchFile, watchFile } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Coalesced } from '@caissa/bytes';
import { type Logger, onHangUp } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import type { ApiSettings } from '../context.js';
import { readKeys } from './access-keys.js';
import type { AccessKey, AccessKeys } from './key-ring.js';

/**
 * How often the file is looked at. Looking, unlike being told, sees through the links of a Kubernetes Secret and the
 * replacement by an editor, and works on every volume.
 */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Reads `API_KEYS_FILE` again when it changes, and on SIGHUP. Keys that cannot be used are told of, and those before them stay.
 * @returns what ends it
 */
export function followKeyFile(
  settings: Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE'>,
  keys: AccessKeys,
  logger: Logger,
): () => void {
  const { API_KEYS_FILE: path } = settings;
  if (path === '') return () => undefined;
  const reading = new Coalesced(() => readAgain(settings, keys, logger));
  const read = () => void reading.get();
  watchFile(path, { interval: LOOK_INTERVAL_MS, persistent: false }, read);
  const forget = onHangUp(read);
  return () => {
    unwatchFile(path, read);
    forget();
  };
}

/** Reads until two looks agree: of a file that is written in place, one may see the first half of the keys. */
async function readSettledKeys(settings: Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE'>): Promise<AccessKey[]> {
  const look = () => Promise.allSettled([readKeys(settings)]);
  for (let before = await look(); ; ) {
    await delay(LOOK_INTERVAL_MS, undefined, { ref: false });
    const now = await look();
    const [found] = now;
    if (!isDeepStrictEqual(now, before)) before = now;
    else if (found.status === 'fulfilled') return found.value;
    else throw found.reason;
  }
}

async function readAgain(
  settings: Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE'>,
  keys: AccessKeys,
  logger: Logger,
): Promise<void> {
  try {
    const read = await readSettledKeys(settings);
    const revoked = keys.replace(read);
    logger.info({ keys: read.length, revoked }, 'the access keys were read again');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    logger.warn(`the access keys stay as they were, because the new ones cannot be used: ${error.message}`);
  }
}
