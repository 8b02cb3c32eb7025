export {
  callRedis,
  connectProducer,
  connectWorker,
  type RedisClient,
  redisUnavailable,
  runTransaction,
  waitUntilReady,
} from './connect.js';
export { watchEviction } from './eviction.js';
export { CHANGED, HashMirror, NOTE_CHANGED, noteChange } from './hash-mirror.js';
export { INTERNAL_TOKEN_HEADER, type RedisKeys, readInternalToken, redisKeys } from './keys.js';
export { claimPrefix } from './prefix-claim.js';
export { REDIS_SETTINGS, type RedisTarget, readRedisTarget } from './redis-target.js';
export { RedisWatch } from './redis-watch.js';
