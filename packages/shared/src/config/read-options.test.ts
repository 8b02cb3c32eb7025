import { expect, test } from 'vitest';
import { READ_SETTINGS, readOptions } from './read-options.js';
import { readSettings } from './read-settings.js';

test('checkpoints are read as the settings say', () => {
  const optionsOf = (env: Record<string, string>) => readOptions(readSettings(env, READ_SETTINGS));
  expect(optionsOf({})).toEqual({ unknownObjects: 'describe', strictArchitecture: false });
  expect(optionsOf({ UNKNOWN_OBJECTS: 'refuse', STRICT_ARCHITECTURE: 'true' })).toEqual({
    unknownObjects: 'refuse',
    strictArchitecture: true,
  });
});
