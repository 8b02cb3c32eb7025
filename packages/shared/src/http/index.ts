export { startHealthServer } from './health-server.js';
export { isLoopback } from './loopback.js';
export { isRequestId } from './request-id.js';
