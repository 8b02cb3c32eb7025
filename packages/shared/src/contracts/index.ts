/** The contract of the HTTP API, apart from all that serves it: what a client in the same repository may know. */
export type { Problem } from '../errors/problem.js';
export * from './evaluate.js';
export * from './generation-header.js';
export * from './http.js';
export * from './job-notice.js';
export * from './jobs.js';
export * from './json.js';
export * from './names.js';
