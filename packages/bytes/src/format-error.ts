/** Why a file was refused. Each code is explained in docs/errors.md. */
export const FORMAT_ERROR_CODES = [
  'ZIP_AMBIGUOUS',
  'ZIP_ENCRYPTED',
  'ZIP_LIMIT',
  'ZIP_PATH',
  'ZIP_CRC',
  'ZIP_TRUNCATED',
  'PICKLE_OPCODE',
  'PICKLE_GLOBAL',
  'PICKLE_CORRUPT',
  'PICKLE_LIMIT',
  'STORAGE_SIZE',
  'TENSOR_BOUNDS',
  'OUTPUT_LIMIT',
  'NOT_A_CHECKPOINT',
  'TORCHSCRIPT',
  'LEGACY_FORMAT',
  'ARCHITECTURE_UNKNOWN',
  'ARCHITECTURE_MISMATCH',
  'NON_FINITE_WEIGHTS',
] as const;

/** One of {@link FORMAT_ERROR_CODES}. */
export type FormatErrorCode = (typeof FORMAT_ERROR_CODES)[number];

/** Where in the file the refused thing stands. */
export interface FormatErrorPlace {
  /** Byte offset, from the start of the entry if one is named, else of the file. */
  readonly offset?: number;
  /** Archive entry, as the archive names it. */
  readonly entry?: string;
}

/**
 * A file that cannot be used as it is. Permanent: reading the same bytes again gives the same error.
 * The message is one sentence for a person and names the thing refused, but not the file.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code: FormatErrorCode;
  readonly offset: number | undefined;
  readonly entry: string | undefined;

  constructor(code: FormatErrorCode, message: string, place: FormatErrorPlace = {}) {
    super(message);
    this.code = code;
    this.offset = place.offset;
    this.entry = place.entry;
  }
}

const MAX_NAME_LENGTH = 120;

/** A name from a file as it may stand in a message: quoted, control characters escaped, of bounded length. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name);
}
