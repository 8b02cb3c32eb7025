export * from './file-names.js';
export * from './formats.js';
export * from './metadata.js';
export * from './model-names.js';
export * from './reading.js';
export * from './source-date.js';
export * from './words.js';
