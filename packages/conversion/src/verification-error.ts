import { FormatError, type FormatErrorCode } from '@caissa/bytes';
import { SessionError } from '@caissa/session';
import { SourceChangedError } from './with-file.js';

/** An export that does not compute, or does not hold, what its checkpoint does. The message is a sentence for a person. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly code = 'VERIFICATION_FAILED';
}

/** What a failed conversion is called by those who report it. */
export interface ConversionFailure {
  readonly code: FormatErrorCode | 'VERIFICATION_FAILED' | 'SESSION_FAILED' | 'SOURCE_CHANGED';
  readonly message: string;
}

/** Gives a failure of this package, or of those below it, its code; anything else is not ours to explain. */
export function conversionFailure(thrown: unknown): ConversionFailure | undefined {
  if ([FormatError, VerificationError, SourceChangedError].some((kind) => thrown instanceof kind)) {
    return thrown as FormatError | VerificationError | SourceChangedError;
  }
  return thrown instanceof SessionError ? { code: 'SESSION_FAILED', message: thrown.message } : undefined;
}

/**
 * Says that the model is at fault where a session was refused because of what the model is. A process that was lost
 * says nothing of the model.
 */
export function blameModel(thrown: unknown): unknown {
  const refused =
    thrown instanceof SessionError && (thrown.code === 'SESSION_START_FAILED' || thrown.code === 'SESSION_RUN_FAILED');
  return refused ? new VerificationError(thrown.message) : thrown;
}
