export { parseBasePath } from './base-path.js';
export { prepareFolder } from './prepare-folder.js';
export { READ_SETTINGS, readOptions } from './read-options.js';
export { CONFIGURATION_EXIT_CODE, ConfigurationError, readSettings } from './read-settings.js';
export { parseRedisAddress, type RedisAddress, redisAddressProblem } from './redis-address.js';
export { SETTINGS, type SettingName, type SettingValue, WAIT_LIMIT_SECONDS } from './settings.js';
