import { REDIS_SETTINGS } from '@caissa/redis';
import { READ_SETTINGS, type SettingName } from '@caissa/shared/settings';
import { OBJECT_STORE_SETTINGS } from '@caissa/storage';

/** The settings that the exporter reads. */
export const EXPORTER_SETTINGS = [
  ...REDIS_SETTINGS,
  'DATA_DIR',
  'LOG_LEVEL',
  'HOST',
  'HEALTH_PORT',
  'EXPORT_CONCURRENCY',
  'KEEP_RECENT_EXPORTS',
  'SOURCE_DATE_EPOCH',
  ...READ_SETTINGS,
  ...OBJECT_STORE_SETTINGS,
] as const satisfies readonly SettingName[];
