import { FORMAT_ERROR_CODES, type FormatErrorCode } from '@caissa/bytes';

/** What a code means to a client (status) and to a queue (whether trying again may help). */
export interface ErrorEntry {
  /** HTTP status, RFC 9110. */
  readonly status: number;
  /** The short, unchanging title of the problem document. */
  readonly title: string;
  /** Whether the same work may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

const entry = (status: number, title: string, retryable = false): ErrorEntry => ({ status, title, retryable });

const SERVICE_ERRORS = {
  INVALID_REQUEST: entry(400, 'The request is not valid HTTP'),
  INVALID_NAME: entry(400, 'The name is not valid'),
  INVALID_BODY: entry(400, 'The request body is not valid'),
  INVALID_PARAMETER: entry(400, 'A request parameter is not valid'),
  INVALID_POSITION: entry(400, 'A position is not valid'),
  UNAUTHENTICATED: entry(401, 'An access key is needed'),
  FORBIDDEN: entry(403, 'The access key does not allow this'),
  ROUTE_NOT_FOUND: entry(404, 'There is no such route'),
  MODEL_NOT_FOUND: entry(404, 'There is no such model'),
  EXPORT_NOT_FOUND: entry(404, 'There is no such export'),
  JOB_NOT_FOUND: entry(404, 'There is no such job'),
  ACTIVATION_NOT_FOUND: entry(404, 'There is no such activation'),
  JOB_FORGOTTEN: entry(410, 'The job is not kept any more'),
  METHOD_NOT_ALLOWED: entry(405, 'The route does not offer this method'),
  REQUEST_TIMEOUT: entry(408, 'The request did not arrive in time'),
  MODEL_EXISTS: entry(409, 'A model of this name exists'),
  JOB_FINISHED: entry(409, 'The job has finished'),
  JOB_NOT_FAILED: entry(409, 'Only a failed job can be retried'),
  UPLOAD_NOT_FOUND: entry(404, 'There is no such upload'),
  UPLOAD_OFFSET: entry(409, 'The upload continues at another offset', true),
  UPLOAD_DAMAGED: entry(422, 'The file did not arrive as it was sent'),
  UPLOAD_BUSY: entry(423, 'Another request is sending this upload', true),
  UPLOAD_GONE: entry(409, 'The uploaded file is no longer there'),
  CANCELLED: entry(409, 'The job was cancelled'),
  SUPERSEDED: entry(409, 'A later activation took the place of this one'),
  NO_ACTIVE_MODEL: entry(409, 'No model is active'),
  MODEL_ACTIVE: entry(409, 'The model is the active one'),
  MODEL_GONE: entry(409, 'The model of that activation is no longer there'),
  PRECONDITION_FAILED: entry(412, 'The file is not the one that was asked for'),
  BODY_TOO_LARGE: entry(413, 'The request body is too large'),
  UNSUPPORTED_MEDIA_TYPE: entry(415, 'The media type is not supported'),
  RANGE_NOT_SATISFIABLE: entry(416, 'The requested range lies outside the file'),
  EXPECTATION_FAILED: entry(417, 'The server does not do what the request expects'),
  IDEMPOTENCY_MISMATCH: entry(422, 'The idempotency key was used for another request'),
  VERIFICATION_FAILED: entry(422, 'The exported model does not compute what the checkpoint computes'),
  READING_STOPPED: entry(422, 'Reading the checkpoint had to be stopped'),
  TOO_MANY_UPLOADS: entry(429, 'Too many uploads are unfinished', true),
  RATE_LIMITED: entry(429, 'Too many requests'),
  HEADERS_TOO_LARGE: entry(431, 'The head of the request is too large'),
  INTERNAL: entry(500, 'Something went wrong inside Caissa'),
  ARTIFACT_DAMAGED: entry(500, 'The stored file is not the one that was exported'),
  SOURCE_CHANGED: entry(409, 'The checkpoint was replaced while it was read', true),
  MODEL_BEING_WRITTEN: entry(409, 'The checkpoint is still being written', true),
  SESSION_FAILED: entry(500, 'The model could not be run', true),
  WORKER_LOST: entry(500, 'The workers that took the job ended before it was done'),
  JOB_LOST: entry(500, 'Another worker has the job now', true),
  NOT_OFFERED: entry(501, 'This is not offered'),
  REDIS_UNAVAILABLE: entry(503, 'The job queue cannot be reached', true),
  WORKERS_BUSY: entry(503, 'No worker did the work in time', true),
  QUEUE_PAUSED: entry(503, 'The queue is paused', true),
  NO_READY_REPLICA: entry(503, 'No loader is ready to answer', true),
  OVERLOADED: entry(503, 'More positions wait than can be answered soon', true),
  STORE_UNAVAILABLE: entry(503, 'The store of files cannot be reached', true),
  STORAGE_FULL: entry(507, 'The disk is full'),
} as const satisfies Record<string, ErrorEntry>;

const FORMAT_TITLES: Record<FormatErrorCode, string> = {
  ZIP_AMBIGUOUS: 'The archive can be read in more than one way',
  ZIP_ENCRYPTED: 'The archive is encrypted',
  ZIP_LIMIT: 'The archive exceeds a limit',
  ZIP_PATH: 'The archive names a file outside itself',
  ZIP_CRC: 'The archive does not match its checksums',
  ZIP_TRUNCATED: 'The file is cut short',
  PICKLE_OPCODE: 'The checkpoint uses an instruction that is not supported',
  PICKLE_GLOBAL: 'The checkpoint holds an object that is not accepted',
  PICKLE_DANGEROUS: 'The checkpoint asks for code',
  PICKLE_CORRUPT: 'The checkpoint is damaged, or not as PyTorch writes it',
  PICKLE_LIMIT: 'The checkpoint exceeds a limit',
  STORAGE_SIZE: 'A storage is not of its declared size',
  TENSOR_BOUNDS: 'A tensor reaches outside its storage',
  OUTPUT_LIMIT: 'The export would be larger than its format allows',
  NOT_A_CHECKPOINT: 'The file is not a checkpoint with weights',
  TORCHSCRIPT: 'The file is a TorchScript program',
  LEGACY_FORMAT: 'The file uses an old format that cannot be read',
  ARCHITECTURE_UNKNOWN: 'The network could not be determined',
  ARCHITECTURE_MISMATCH: 'The network has another architecture than expected',
  NON_FINITE_WEIGHTS: 'The weights hold values that are not finite',
};

/** A code that Caissa answers with. */
export type ErrorCode = keyof typeof SERVICE_ERRORS | FormatErrorCode;

/** Every code with its status, title and whether it is worth a retry. A refused file is 422 and permanent. */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorEntry>> = Object.freeze({
  ...SERVICE_ERRORS,
  ...(Object.fromEntries(FORMAT_ERROR_CODES.map((code) => [code, entry(422, FORMAT_TITLES[code])])) as Record<
    FormatErrorCode,
    ErrorEntry
  >),
});

/** Whether a string is one of our codes. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}
