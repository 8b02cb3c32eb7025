import { REDIS_SETTINGS, type SettingName } from '@caissa/shared';

/** The settings that the exporter reads. */
export const EXPORTER_SETTINGS = [
  ...REDIS_SETTINGS,
  'DATA_DIR',
  'LOG_LEVEL',
  'HOST',
  'HEALTH_PORT',
  'EXPORT_CONCURRENCY',
  'KEEP_RECENT_EXPORTS',
] as const satisfies readonly SettingName[];
