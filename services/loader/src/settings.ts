import { REDIS_SETTINGS } from '@caissa/redis';
import { READ_SETTINGS, type SettingName } from '@caissa/shared/settings';
import { OBJECT_STORE_SETTINGS } from '@caissa/storage';

/** The settings that the loader reads. */
export const LOADER_SETTINGS = [
  ...REDIS_SETTINGS,
  'DATA_DIR',
  ...OBJECT_STORE_SETTINGS,
  'LOG_LEVEL',
  'HOST',
  'HEALTH_PORT',
  ...READ_SETTINGS,
  'EXPECTED_CHANNELS',
  'EXPECTED_BLOCKS',
  'INTRA_OP_THREADS',
  'MAX_SESSIONS',
  'MAX_BATCH',
  'MAX_QUEUE_DELAY_US',
  'MAX_QUEUE_POSITIONS',
  'LOADER_PORT',
  'LOADER_URL',
  'ALLOW_ANONYMOUS',
  'SHUTDOWN_GRACE_SECONDS',
] as const satisfies readonly SettingName[];
