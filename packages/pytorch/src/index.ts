export * from './json-value.js';
export * from './pickle-value.js';
export * from './read-checkpoint.js';
export * from './verify-storages.js';
export * from './write-checkpoint.js';
