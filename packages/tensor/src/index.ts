export * from './byte-io.js';
export * from './byte-sources.js';
export * from './dtype.js';
export * from './element-convert.js';
export * from './element-read.js';
export * from './format-error.js';
export * from './tensor.js';
export * from './tensor-bounds.js';
