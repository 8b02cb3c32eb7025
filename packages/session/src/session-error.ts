/**
 * Why a session failed. `SESSION_START_FAILED`: the model could not be opened. `SESSION_RUN_FAILED`: one run was refused,
 * the session goes on. `SESSION_EXITED`: its process ended. `SESSION_TIMEOUT`: it did not answer in time and was ended.
 */
export type SessionErrorCode = 'SESSION_START_FAILED' | 'SESSION_RUN_FAILED' | 'SESSION_EXITED' | 'SESSION_TIMEOUT';

/** The one error that opening, running or losing a session gives; the message is a sentence without the model's path. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
