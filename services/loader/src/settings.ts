import type { SettingName } from '@caissa/shared';

/** The settings that the loader reads. */
export const LOADER_SETTINGS = [
  'REDIS_URL',
  'REDIS_PREFIX',
  'DATA_DIR',
  'LOG_LEVEL',
  'HOST',
  'HEALTH_PORT',
  'EXPECTED_CHANNELS',
  'EXPECTED_BLOCKS',
] as const satisfies readonly SettingName[];
