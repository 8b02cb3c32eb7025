export { usablePort } from './api-address.js';
export { type ProvidedRedis, type ProvideRedisOptions, provideRedis } from './provide-redis.js';
export { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.js';
export { SetupError } from './setup-error.js';
