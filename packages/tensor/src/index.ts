export * from './dtype.js';
export * from './element-convert.js';
export * from './element-read.js';
export * from './find-non-finite.js';
export { halfToNumber } from './float-half.js';
export * from './tensor.js';
export * from './tensor-bounds.js';
