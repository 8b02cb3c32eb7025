import { fieldsOf, type Range, type WindowedFile } from './protobuf-file.js';
import type { DataFile } from './session-messages.js';

/** TensorProto.external_data, and the two fields of its entries. Source: onnx.proto3, message StringStringEntryProto. */
const EXTERNAL_DATA_FIELD = 13;
const KEY_FIELD = 1;
const VALUE_FIELD = 2;
const LENGTH_DELIMITED = 2;

/** File names and numbers; more is neither. */
const MAX_TEXT_BYTES = 255;

/**
 * Checks that a tensor lies in one file and inside it. It must say where exactly once: readers differ in which of two
 * statements they believe.
 * @throws RangeError if it does not
 */
export function assertRefersTo(file: WindowedFile, tensor: Range, { filename, sizeBytes }: DataFile): void {
  const entries = new Map<string, string>();
  for (const { number, wireType, payload } of fieldsOf(file, tensor)) {
    if (number !== EXTERNAL_DATA_FIELD) continue;
    if (wireType !== LENGTH_DELIMITED) throw otherFile();
    const [key, value] = readEntry(file, payload);
    if (entries.has(key)) throw otherFile();
    entries.set(key, value);
  }
  const [offset, length] = [numberOf(entries.get('offset')), numberOf(entries.get('length'))];
  if (entries.size !== 3 || entries.get('location') !== filename) throw otherFile();
  // Not `> sizeBytes`: NaN must fail too.
  if (!(offset + length <= sizeBytes)) throw new RangeError('A tensor does not lie inside the data file.');
}

function readEntry(file: WindowedFile, range: Range): [key: string, value: string] {
  const fields = [...fieldsOf(file, range)];
  const isPlain =
    fields.length === 2 &&
    fields[0]?.number === KEY_FIELD &&
    fields[1]?.number === VALUE_FIELD &&
    fields.every(({ wireType }) => wireType === LENGTH_DELIMITED);
  if (!isPlain) throw otherFile();
  const [key = '', value = ''] = fields.map(({ payload }) => readText(file, payload));
  return [key, value];
}

function readText(file: WindowedFile, { start, end }: Range): string {
  if (end - start > MAX_TEXT_BYTES) throw otherFile();
  return Buffer.from(Array.from({ length: end - start }, (_, i) => file.byteAt(start + i))).toString('latin1');
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function otherFile(): RangeError {
  return new RangeError('A tensor refers to another file than the one that belongs to the model.');
}
