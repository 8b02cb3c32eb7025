import type { JsonObject, JsonValue } from '@caissa/formats';
import {
  type JsonOptions,
  KeyTexts,
  keyText,
  type PickleValue,
  type PyDict,
  readNumbers,
  toJsonWithin,
} from '@caissa/pytorch';

/** Largest entry of a checkpoint's metadata, in bytes of JSON, that lists and manifests repeat. */
const MAX_ENTRY_BYTES = 16_384;

/** What they repeat of it altogether. */
const MAX_METADATA_BYTES = 65_536;

/** Entries that are beyond this are not even measured. */
const ENTRY_LIMITS = { values: 20_000, characters: 262_144 };

/** What an entry that is left out counts for: looking at it takes time, and most where it is too long to be measured. */
const LEFT_OUT_BYTES = 512;
const NOT_MEASURED_BYTES = 4096;

/** Name under which the number of entries is told that are not shown at all. */
const NOT_SHOWN = 'entries_not_shown';

/**
 * A checkpoint's metadata as JSON; a long entry, such as a history of losses, is named and left out.
 * @throws FormatError ZIP_TRUNCATED and its like: the numbers of small tensors are read
 */
export async function describeMetadata(metadata: PyDict): Promise<JsonObject> {
  const options = { ...ENTRY_LIMITS, numbers: await readNumbers(metadata) };
  const names = new KeyTexts(metadata, keyText);
  const shown: [string, JsonValue][] = [];
  let roomBytes = MAX_METADATA_BYTES;
  for (const [key, value] of metadata) {
    const { entry, costBytes } = describeEntry(names.of(key), value, options);
    roomBytes -= costBytes;
    if (roomBytes < 0) break;
    if (entry !== undefined) shown.push(entry);
  }
  const notShown = metadata.size - shown.length;
  return Object.fromEntries(notShown === 0 ? shown : [...shown, [NOT_SHOWN, notShown]]);
}

interface DescribedEntry {
  /** Undefined for one whose very name is too long. */
  readonly entry: [string, JsonValue] | undefined;
  readonly costBytes: number;
}

function describeEntry(name: string, value: PickleValue, options: JsonOptions): DescribedEntry {
  if (name.length > MAX_ENTRY_BYTES || sizeOf(name) > MAX_ENTRY_BYTES) {
    return { entry: undefined, costBytes: LEFT_OUT_BYTES };
  }
  const json = toJsonWithin(value, options);
  const sizeBytes = json === undefined ? undefined : sizeOf(json);
  if (json !== undefined && sizeBytes !== undefined && sizeBytes <= MAX_ENTRY_BYTES) {
    return { entry: [name, json], costBytes: sizeOf(name) + sizeBytes };
  }
  const size = sizeBytes ?? `more than ${MAX_ENTRY_BYTES}`;
  const costBytes = sizeOf(name) + (sizeBytes === undefined ? NOT_MEASURED_BYTES : LEFT_OUT_BYTES);
  return { entry: [name, `${size} bytes of JSON, left out here`], costBytes };
}

function sizeOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}
