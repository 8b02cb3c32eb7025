import type { ByteRange } from '@caissa/bytes';
import { STRING_STRING_ENTRY, TENSOR } from '../field-numbers.js';
import { fieldsOf, isLengthDelimited, readText, type WindowedFile } from './protobuf-file.js';

/** File names and numbers; more is neither. */
const MAX_TEXT_BYTES = 255;

/** Where the bytes of a tensor lie that are not in the model. */
export interface ExternalPlace extends ByteRange {
  /** Name of the file beside the model. */
  readonly location: string;
}

/**
 * Reads where a tensor says that its bytes lie. It must say so exactly once: readers differ in which of two statements they
 * believe. Source: ONNX docs/ExternalData.md.
 * @throws RangeError if it says anything else
 */
export function readExternalPlace(file: WindowedFile, tensor: ByteRange): ExternalPlace {
  const entries = new Map<string, string>();
  for (const field of fieldsOf(file, tensor)) {
    if (field.number !== TENSOR.externalData) continue;
    if (!isLengthDelimited(field)) throw otherFile();
    const [key, value] = readEntry(file, field.payload);
    if (entries.has(key)) throw otherFile();
    entries.set(key, value);
  }
  const location = entries.get('location');
  const [offsetBytes, lengthBytes] = [numberOf(entries.get('offset')), numberOf(entries.get('length'))];
  if (entries.size !== 3 || location === undefined) throw otherFile();
  return { location, offsetBytes, lengthBytes };
}

/** What is said of a tensor that lies anywhere but in the model's own data file. */
export function otherFile(): RangeError {
  return new RangeError('A tensor refers to another file than the one that belongs to the model.');
}

function readEntry(file: WindowedFile, range: ByteRange): [key: string, value: string] {
  const fields = [...fieldsOf(file, range)];
  const isPlain =
    fields.length === 2 &&
    fields[0]?.number === STRING_STRING_ENTRY.key &&
    fields[1]?.number === STRING_STRING_ENTRY.value &&
    fields.every(isLengthDelimited);
  if (!isPlain) throw otherFile();
  const [key = '', value = ''] = fields.map(({ payload }) => readEntryText(file, payload));
  return [key, value];
}

function readEntryText(file: WindowedFile, range: ByteRange): string {
  if (range.lengthBytes > MAX_TEXT_BYTES) throw otherFile();
  return readText(file, range);
}

function numberOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw otherFile();
  return Number(text);
}
