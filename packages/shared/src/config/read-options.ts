import type { SettingName, SettingValue } from './settings.js';

/** The settings of those who open checkpoints. */
export const READ_SETTINGS = ['UNKNOWN_OBJECTS', 'STRICT_ARCHITECTURE'] as const satisfies readonly SettingName[];

type ReadSettings = { readonly [K in (typeof READ_SETTINGS)[number]]: SettingValue<K> };

/** How checkpoints are read, as the settings say. */
export function readOptions({ UNKNOWN_OBJECTS, STRICT_ARCHITECTURE }: ReadSettings) {
  return { unknownObjects: UNKNOWN_OBJECTS, strictArchitecture: STRICT_ARCHITECTURE } as const;
}
