import { readSync } from 'node:fs';
import type { ByteRange } from '@caissa/bytes';

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

/**
 * The varint that a range begins with, and how many bytes it takes; values above 2^53 lose low bits, and are larger than
 * any file.
 */
export function readVarint(file: WindowedFile, { offsetBytes, lengthBytes }: ByteRange) {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    if (index >= lengthBytes) throw new RangeError('A number runs past its message.');
    const byte = file.byteAt(offsetBytes + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, lengthBytes: index + 1 };
  }
  throw new RangeError('A number is longer than ten bytes.');
}

/** The bytes of a range as text, one character for each. */
export function readText(file: WindowedFile, { offsetBytes, lengthBytes }: ByteRange): string {
  return Buffer.from(Array.from({ length: lengthBytes }, (_, i) => file.byteAt(offsetBytes + i))).toString('latin1');
}

/** One field of a message. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly payload: ByteRange;
}

/** Whether a field holds a text, bytes or a message. */
export function isLengthDelimited({ wireType }: Field): boolean {
  return wireType === 2;
}

/**
 * The fields of a message, in order.
 * @throws RangeError if it is not well formed
 */
export function* fieldsOf(file: WindowedFile, message: ByteRange): Generator<Field> {
  const end = message.offsetBytes + message.lengthBytes;
  for (let at = message.offsetBytes; at < end; ) {
    const tag = readVarint(file, { offsetBytes: at, lengthBytes: end - at });
    const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
    at += tag.lengthBytes;
    const payload = payloadOf(wireType, file, { offsetBytes: at, lengthBytes: end - at });
    at = payload.offsetBytes + payload.lengthBytes;
    if (at > end) throw new RangeError('A field runs past its message.');
    yield { number, wireType, payload };
  }
}

/** Where the payload of a field lies in what is left of its message. Source: protobuf encoding guide, "Message Structure". */
function payloadOf(wireType: number, file: WindowedFile, rest: ByteRange): ByteRange {
  const { offsetBytes } = rest;
  if (wireType === 0) return { offsetBytes, lengthBytes: readVarint(file, rest).lengthBytes };
  if (wireType === 1) return { offsetBytes, lengthBytes: 8 };
  if (wireType === 5) return { offsetBytes, lengthBytes: 4 };
  if (wireType !== 2) throw new RangeError('A field has an unknown wire type.');
  const length = readVarint(file, rest);
  return { offsetBytes: offsetBytes + length.lengthBytes, lengthBytes: length.value };
}
