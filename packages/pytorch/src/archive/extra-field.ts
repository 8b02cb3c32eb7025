import { FormatError, quoteName } from '@caissa/bytes';

/** Extra field with 64-bit sizes and offset. Source: APPNOTE 6.3.10, 4.5.3 */
const ZIP64 = 0x0001;

/** Extra field with another name for the entry. Source: APPNOTE 6.3.10, 4.6.9 */
const UNICODE_PATH = 0x7075;

/**
 * Walks the extra fields of a header and returns the zip64 one.
 * @throws FormatError ZIP_AMBIGUOUS if they do not fill their space exactly, repeat zip64, or rename the entry
 */
export function findZip64Extra(extra: Buffer, entry: string): Buffer | undefined {
  let zip64: Buffer | undefined;
  let at = 0;
  while (at < extra.length) {
    const end = at + 4 <= extra.length ? at + 4 + extra.readUInt16LE(at + 2) : Number.POSITIVE_INFINITY;
    if (end > extra.length) throw ambiguous('has extra fields that overrun their space', entry);
    const id = extra.readUInt16LE(at);
    if (id === UNICODE_PATH) throw ambiguous('carries a second name', entry);
    if (id === ZIP64) {
      if (zip64 !== undefined) throw ambiguous('states its 64-bit sizes twice', entry);
      zip64 = extra.subarray(at + 4, end);
    }
    at = end;
  }
  return zip64;
}

function ambiguous(what: string, entry: string): FormatError {
  return new FormatError('ZIP_AMBIGUOUS', `Archive entry ${quoteName(entry)} ${what}.`, { entry });
}
