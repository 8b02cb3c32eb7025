export { usablePort } from './api-address.js';
export { spawnGuarded } from './guarded-process.js';
export { type ProvidedRedis, type ProvideRedisOptions, provideRedis } from './provide-redis.js';
export type { RedisProgram } from './redis-packages.js';
export { findRedisProgram } from './redis-program.js';
export { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.js';
export { SetupError } from './setup-error.js';
