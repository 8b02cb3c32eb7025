import { AppError } from '../errors/app-error.js';

/** What the JSON of a request may hold at most. What it costs to parse and to look through follows from that. */
export interface JsonBounds {
  /** Levels of arrays and objects in each other. */
  readonly depth: number;
  /** Values in all: arrays and objects, and what is in them. */
  readonly values: number;
  /** Bytes of all texts together, with their quotation marks and the names of members; any number if left out. */
  readonly textBytes?: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
/** What makes an opening bracket of an opening brace, and a closing one of a closing one. */
const BRACE = 0x20;

/**
 * Refuses JSON beyond its bounds before anything is made of it: a body of empty arrays takes sixty times its size once it is
 * parsed. Looks at each byte once. What is not JSON may pass.
 * @throws AppError INVALID_BODY
 */
export function checkJsonBounds(
  bytes: Buffer,
  { depth: maxDepth, values: maxValues, textBytes: maxTextBytes = bytes.length }: JsonBounds,
): void {
  let depth = 0;
  let values = 1;
  let textBytes = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const end = endOfText(bytes, at);
      textBytes += end - at + 1;
      if (textBytes > maxTextBytes) throw beyond(`more than ${maxTextBytes} bytes of text`);
      at = end;
    } else if (byte === COMMA) {
      if (++values > maxValues) throw beyond(`more than ${maxValues} values`);
    } else if (byte >= OPENING_BRACKET) {
      const bracket = byte & ~BRACE;
      if (bracket === OPENING_BRACKET) {
        if (++values > maxValues) throw beyond(`more than ${maxValues} values`);
        if (++depth > maxDepth)
          throw new AppError('INVALID_BODY', `The body is nested deeper than ${maxDepth} levels.`);
      } else if (bracket === CLOSING_BRACKET) depth--;
    }
  }
}

/** Where a text ends that begins at an offset: at its quotation mark, or with the bytes. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return bytes.length - 1;
}

function beyond(what: string): AppError {
  return new AppError('INVALID_BODY', `The body holds ${what}, which no request of this kind needs.`);
}
