export * from './dtype.js';
export * from './element-convert.js';
export * from './element-read.js';
export * from './find-non-finite.js';
export * from './tensor.js';
export * from './tensor-bounds.js';
