import { MAX_INTEGER_BYTES } from '../limits.js';

/** Digits of the largest integer of {@link MAX_INTEGER_BYTES}. */
const MAX_DIGITS = 4_300;

/** An int as it is kept: a number where that is exact. */
function asInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads little-endian two's complement; undefined if it is larger than an integer may be. */
export function decodeInteger(bytes: Buffer): number | bigint | undefined {
  if (bytes.length > MAX_INTEGER_BYTES) return undefined;
  if (bytes.length <= 6) return bytes.length === 0 ? 0 : bytes.readIntLE(0, bytes.length);
  if (bytes.length === 8) return asInteger(bytes.readBigInt64LE());
  const digits = Buffer.from(bytes).reverse().toString('hex');
  return asInteger(BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`)));
}

/** Reads decimal digits as Python writes them; undefined if they are not that, or too many. */
export function parseInteger(text: string): number | bigint | undefined {
  if (text.length > MAX_DIGITS || !/^[+-]?\d+(?:_\d+)*$/.test(text)) return undefined;
  const digits = text.replace(/^\+|_/g, '');
  return asInteger(digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits));
}
