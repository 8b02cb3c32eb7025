import { FormatError, type FormatErrorCode } from '@caissa/bytes';
import type { Budget } from '../budget.js';
import { COST } from './costs.js';
import { decodePython2, decodeText, decodeWithSurrogates } from './python-text.js';

/** Text that has to be put together of pieces costs so much for each of its bytes. */
const SURROGATE_BYTES = 60;

/** A text costs this much and two bytes for each of its characters. */
const TEXT_BYTES = 32;

/** Reads the arguments of operations, and never past the end. */
export class PickleBytes {
  readonly bytes: Buffer;
  readonly budget: Budget;
  /** Name of the pickle in messages. */
  readonly entry: string;
  position = 0;

  constructor(bytes: Uint8Array, entry: string, budget: Budget) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.entry = entry;
    this.budget = budget;
  }

  readUint8(): number {
    return this.bytes[this.#advance(1)] ?? 0;
  }

  readUint16(): number {
    return this.bytes.readUInt16LE(this.#advance(2));
  }

  readInt32(): number {
    return this.bytes.readInt32LE(this.#advance(4));
  }

  readUint32(): number {
    return this.bytes.readUInt32LE(this.#advance(4));
  }

  /** Reads a length of 8 bytes; no file is long enough for one that a number cannot hold. */
  readUint64(): number {
    return Number(this.bytes.readBigUInt64LE(this.#advance(8)));
  }

  readFloat64BigEndian(): number {
    return this.bytes.readDoubleBE(this.#advance(8));
  }

  /** Reads bytes without copying them. */
  readBytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  readText(length: number): string {
    const bytes = this.#chargeText(this.readBytes(length));
    const text = decodeText(bytes) ?? this.#decodeSurrogates(bytes);
    if (text === undefined) throw this.corrupt('holds text that is not UTF-8');
    return text;
  }

  /** Reads a `str` of Python 2. */
  readPython2Text(length: number): string {
    return decodePython2(this.#chargeText(this.readBytes(length)));
  }

  /** Reads up to a newline, which is not part of it. */
  readLine(): Buffer {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.corrupt('ends in the middle of a line');
    const line = this.bytes.subarray(this.position, end);
    this.position = end + 1;
    this.budget.spend(COST.line);
    return this.#chargeText(line);
  }

  corrupt(what: string): FormatError {
    return this.error('PICKLE_CORRUPT', what);
  }

  error(code: FormatErrorCode, what: string): FormatError {
    const { entry } = this;
    return new FormatError(code, `${entry} ${what}.`, { entry, offset: this.position });
  }

  #decodeSurrogates(bytes: Buffer): string | undefined {
    this.budget.allocate(SURROGATE_BYTES * bytes.length);
    return decodeWithSurrogates(bytes);
  }

  #chargeText(bytes: Buffer): Buffer {
    this.budget.allocate(TEXT_BYTES + 2 * bytes.length);
    return bytes;
  }

  #advance(length: number): number {
    const at = this.position;
    if (length > this.bytes.length - at) throw this.corrupt('ends in the middle of a value');
    this.position = at + length;
    return at;
  }
}
