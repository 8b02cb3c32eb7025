import { OBJECT_STORE_SETTINGS, REDIS_SETTINGS, type SettingName } from '@caissa/shared';

/** The settings that the exporter reads. */
export const EXPORTER_SETTINGS = [
  ...REDIS_SETTINGS,
  'DATA_DIR',
  'LOG_LEVEL',
  'HOST',
  'HEALTH_PORT',
  'EXPORT_CONCURRENCY',
  'KEEP_RECENT_EXPORTS',
  ...OBJECT_STORE_SETTINGS,
] as const satisfies readonly SettingName[];
