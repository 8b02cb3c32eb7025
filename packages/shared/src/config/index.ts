export { READ_SETTINGS, readOptions } from './read-options.js';
export { CONFIGURATION_EXIT_CODE, ConfigurationError, readSettings } from './read-settings.js';
export { parseRedisAddress, REDIS_ADDRESS_FORMS, type RedisAddress } from './redis-address.js';
export { SETTINGS, type SettingName, type SettingValue } from './settings.js';
