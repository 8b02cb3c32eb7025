import { isAscii, isUtf8 } from 'node:buffer';

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

/** Text of UTF-8; undefined if it is not that. */
export function decodeText(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** Text of a `str` of Python 2, which is bytes: UTF-8 where it can be, else Latin-1. */
export function decodePython2(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1');
}

/** Bytes that {@link decodePython2} has made text of: the encoding that gives as many as are needed is the right one. */
export function encodePython2(text: string, lengthBytes: number): Uint8Array | undefined {
  const encoding = text.length === lengthBytes ? 'latin1' : 'utf8';
  const bytes = Buffer.from(text, encoding);
  return bytes.length === lengthBytes ? bytes : undefined;
}

/** The bytes of `repr(str)` of Python 2, without its quotes; undefined if it is not quoted. */
export function unquote(line: string): Buffer | undefined {
  const [quote = ''] = line;
  if (line.length < 2 || !/['"]/.test(quote) || !line.endsWith(quote)) return undefined;
  const quoted = line.slice(1, -1);
  const text = quoted.replace(/\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|(.))/gs, (whole, hex, octal, letter) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return ESCAPES[letter] ?? (/[\\'"]/.test(letter) ? letter : whole);
  });
  return Buffer.from(text, 'latin1');
}

/** Text of the codec `raw-unicode-escape`: Latin-1, and `\u` or `\U` for the rest. */
export function unescapeUnicode(latin1: string): string | undefined {
  let isWhole = true;
  const text = latin1.replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))/g, (_whole, short, long) => {
    const point = Number.parseInt(short ?? long, 16);
    isWhole &&= point <= 0x10ffff;
    return isWhole ? String.fromCodePoint(point) : '';
  });
  return isWhole ? text : undefined;
}

/**
 * Text of UTF-8 in which surrogates stand alone, as Python's `surrogatepass` has it: three bytes from ED A0 on. Undefined if
 * it is not that.
 */
export function decodeWithSurrogates(bytes: Buffer): string | undefined {
  let text = '';
  let done = 0;
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const [, second = 0, third = 0] = bytes.subarray(at, at + 3);
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    const before = bytes.subarray(done, at);
    if (!isUtf8(before)) return undefined;
    text += before.toString() + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    done = at + 3;
  }
  const rest = bytes.subarray(done);
  return isUtf8(rest) ? text + rest.toString() : undefined;
}
