/** Which kind of text could not be read. */
export type NotationErrorCode = 'FEN_INVALID' | 'MOVE_INVALID';

/** A position or move whose text is not well formed. The message says what is wrong in one sentence for a person. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
  readonly code: NotationErrorCode;

  constructor(code: NotationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
