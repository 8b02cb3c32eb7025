import { FormatError } from '@caissa/bytes';
import type { JsonObject, JsonValue } from '@caissa/formats';
import { type JsonLimits, type PickleValue, PyDict, toJson } from '@caissa/pytorch';

/** Largest entry of a checkpoint's metadata, in bytes of JSON, that lists and manifests repeat. */
const MAX_ENTRY_BYTES = 16_384;

/** What they repeat of it altogether. */
const MAX_METADATA_BYTES = 65_536;

/** Entries that are beyond this are not even measured. */
const ENTRY_LIMITS: JsonLimits = { values: 20_000, characters: 262_144 };

/** What an entry that is left out counts for: looking at it takes time. */
const LEFT_OUT_BYTES = 512;

/** Name under which the number of entries is told that are not shown at all. */
const NOT_SHOWN = 'entries_not_shown';

/** A checkpoint's metadata as JSON; a long entry, such as a history of losses, is named and left out. */
export function describeMetadata(metadata: PyDict): JsonObject {
  const shown: [string, JsonValue][] = [];
  let roomBytes = MAX_METADATA_BYTES;
  for (const [key, value] of metadata) {
    const { entry, costBytes } = describeEntry(key, value);
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

function describeEntry(key: PickleValue, value: PickleValue): DescribedEntry {
  const whole = entryOf(key, value);
  const [name, json] = whole ?? entryOf(key, null) ?? [];
  if (name === undefined || json === undefined || sizeOf(name) > MAX_ENTRY_BYTES) {
    return { entry: undefined, costBytes: LEFT_OUT_BYTES };
  }
  const sizeBytes = whole === undefined ? undefined : sizeOf(json);
  if (sizeBytes !== undefined && sizeBytes <= MAX_ENTRY_BYTES) {
    return { entry: [name, json], costBytes: sizeOf(name) + sizeBytes };
  }
  const size = sizeBytes ?? `more than ${MAX_ENTRY_BYTES}`;
  return { entry: [name, `${size} bytes of JSON, left out here`], costBytes: sizeOf(name) + LEFT_OUT_BYTES };
}

function sizeOf(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Name and value as JSON; undefined if they are too long to be measured. */
function entryOf(key: PickleValue, value: PickleValue): [string, JsonValue] | undefined {
  try {
    return Object.entries(toJson(new PyDict([[key, value]]), ENTRY_LIMITS) ?? {})[0];
  } catch (error) {
    if (error instanceof FormatError && error.code === 'OUTPUT_LIMIT') return undefined;
    throw error;
  }
}
