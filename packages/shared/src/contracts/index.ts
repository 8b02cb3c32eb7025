/** The contract of the HTTP API, apart from all that serves it: what a client in the same repository may know. */
export type { Problem } from '../errors/problem.js';
export * from './activations.js';
export * from './conditions.js';
export * from './evaluate.js';
export * from './exports.js';
export * from './job-notice.js';
export * from './job-views.js';
export * from './jobs.js';
export * from './json.js';
export * from './models.js';
export * from './names.js';
