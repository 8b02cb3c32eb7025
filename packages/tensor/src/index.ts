export * from './byte-io.js';
export * from './dtype.js';
export * from './format-error.js';
export * from './tensor.js';
