import { readSync } from 'node:fs';

/** A length-delimited part of the file: `[start, end)` in bytes. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const WINDOW_BYTES = 64 * 1024;

/** Reads the bytes of a file through a window, so that headers between large weights cost one small read each. */
export class WindowedFile {
  readonly #descriptor: number;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowStart = 0;
  #windowEnd = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  byteAt(position: number): number {
    if (position < this.#windowStart || position >= this.#windowEnd) {
      this.#windowStart = position;
      this.#windowEnd = position + readSync(this.#descriptor, this.#window, 0, WINDOW_BYTES, position);
    }
    const byte = this.#window[position - this.#windowStart];
    if (byte === undefined || position >= this.#windowEnd) throw new RangeError('The file ends inside a message.');
    return byte;
  }
}

/** A varint as a number (values above 2^53 lose low bits, and are larger than any file) and where it ends. */
export function readVarint(file: WindowedFile, position: number, end: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    if (position + index >= end) throw new RangeError('A number runs past its message.');
    const byte = file.byteAt(position + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: position + index + 1 };
  }
  throw new RangeError('A number is longer than ten bytes.');
}

/** Where the payload of a field ends. Source: protobuf encoding guide, "Message Structure". */
function endOfPayload(wireType: number, file: WindowedFile, position: number, end: number): Range {
  if (wireType === 0) return { start: position, end: readVarint(file, position, end).next };
  if (wireType === 1) return { start: position, end: position + 8 };
  if (wireType === 5) return { start: position, end: position + 4 };
  if (wireType !== 2) throw new RangeError('A field has an unknown wire type.');
  const length = readVarint(file, position, end);
  return { start: length.next, end: length.next + length.value };
}

/** One field of a message. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly payload: Range;
}

/**
 * The fields of a message, in order.
 * @throws RangeError if it is not well formed
 */
export function* fieldsOf(file: WindowedFile, range: Range): Generator<Field> {
  let position = range.start;
  while (position < range.end) {
    const tag = readVarint(file, position, range.end);
    const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
    const payload = endOfPayload(wireType, file, tag.next, range.end);
    if (payload.end > range.end) throw new RangeError('A field runs past its message.');
    yield { number, wireType, payload };
    position = payload.end;
  }
}
