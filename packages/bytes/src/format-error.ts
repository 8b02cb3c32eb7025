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
  'PICKLE_DANGEROUS',
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
  /** Archive entry, as the archive names it; a long name is cut. */
  readonly entry?: string;
}

/** Sentences are far shorter: one that is longer repeats something of the file, which is not to travel whole. */
const MAX_MESSAGE_LENGTH = 1_000;

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
    super(cut(message, MAX_MESSAGE_LENGTH));
    this.code = code;
    this.offset = place.offset;
    this.entry = place.entry === undefined ? undefined : cut(place.entry, MAX_NAME_LENGTH);
  }
}

const MAX_NAME_LENGTH = 120;

/** Control characters, and those that are not seen but change what is: a terminal or a page would act on them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name from a file as it may stand in a message: quoted, control characters escaped, of bounded length. */
export function quoteName(name: string): string {
  return JSON.stringify(cut(name, MAX_NAME_LENGTH)).replace(UNSEEN, escapeUnits);
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
