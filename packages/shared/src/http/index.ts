export { BODY_LIMIT_BYTES, BodyReader, bodyTooLarge, ClientGoneError } from './body-reader.js';
export { type FailureFormat, PROBLEM_FORMAT, PROTOCOL_FORMAT } from './failure-format.js';
export { startHealthServer } from './health-server.js';
export { checkJsonBounds, type JsonBounds } from './json-bounds.js';
export { isLoopback, isSentToLoopback } from './loopback.js';
export { checkHead } from './request-head.js';
export { isRequestId } from './request-id.js';
export { closeServer, createHttpServer, listen, urlOf } from './server.js';
export { ERRORS_SHOWN, fieldErrors, unknownFields, validate, validateBody } from './validate.js';
