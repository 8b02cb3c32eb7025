import { unwatchFile, watchFile } from 'node:fs';
import { Coalesced } from '@caissa/bytes';
import { type Logger, onHangUp } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import type { ApiSettings } from '../context.js';
import { readKeys } from './access-keys.js';
import type { AccessKeys } from './key-ring.js';

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

async function readAgain(
  settings: Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE'>,
  keys: AccessKeys,
  logger: Logger,
): Promise<void> {
  try {
    const read = await readKeys(settings);
    const revoked = keys.replace(read);
    logger.info({ keys: read.length, revoked }, 'the access keys were read again');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    logger.warn(`the access keys stay as they were, because the new ones cannot be used: ${error.message}`);
  }
}
