export { AppError, type FieldError, namedError, toAppError } from './app-error.js';
export { ERROR_TABLE, type ErrorCode, isErrorCode } from './error-table.js';
export { type Problem, problemSchema, toProblem } from './problem.js';
