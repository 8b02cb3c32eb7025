import { answerRequests } from '@caissa/bytes';
import { type InferRequest, parseInferRequest } from './infer-request.js';
import type { ParseRequest } from './read-infer-request.js';

// The program of the thread that reads large JSON bodies, so that those who send small ones need not wait.
answerRequests<ParseRequest, InferRequest>(
  ({ body, headerLength }) => parseInferRequest(Buffer.from(body.buffer, body.byteOffset, body.length), headerLength),
  ({ boards }) => [boards.buffer as ArrayBuffer],
);
