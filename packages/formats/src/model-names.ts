import { FORMATS, type FormatFacts } from './formats.js';

/** What a model may be called. */
export const MODEL_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** Words that stand where a model's name does in addresses of the Open Inference Protocol: `/v2/models/stats`. */
const RESERVED: readonly string[] = ['active', 'stats'];

const LONGEST = 128;

/** How many checkpoints that cannot be listed are named in a list of models. */
export const LEFT_OUT_LIMIT = 100;

/** The file that an upload of a model is written to. */
export function modelFilename(name: string): string {
  return `${name}.pt`;
}

/** A file's name without the extension of a checkpoint, in capitals or not; as it is if it has none. */
export function checkpointStem(filename: string): string {
  const lower = filename.toLowerCase();
  // Thousands of names are looked at for one list: no array is made here.
  for (const { uploads } of Object.values<FormatFacts>(FORMATS)) {
    for (const extension of uploads) {
      if (lower.endsWith(extension)) return filename.slice(0, -extension.length);
    }
  }
  return filename;
}

/** Whether a file counts as a checkpoint by its name: it has the extension of one, and is not hidden. */
export function isCheckpointName(filename: string): boolean {
  return !filename.startsWith('.') && checkpointStem(filename) !== filename;
}

/** Whether a name means something else than a model in addresses, so that no model may have it. */
export function isReservedModelName(name: string): boolean {
  return RESERVED.includes(name);
}

/**
 * The model name that a checkpoint's file name stands for: the name without its extension, which is made valid if it is
 * not. One that has nothing to make a name of, or would be a word of addresses, gets its digest: `模型.pt` is
 * `model_f4d35440`, and `stats.pt` is `stats_990523e2`.
 */
export function modelNameOf(filename: string): string {
  const name = readableNameOf(filename);
  return isReservedModelName(name) ? withDigest(name, filename) : name || withDigest('model', filename);
}

/** The model name of a file that cannot have the one of {@link modelNameOf}, since other files stand for it too. */
export function distinctModelName(filename: string): string {
  return withDigest(readableNameOf(filename) || modelNameOf(filename), filename);
}

/** What a model could be called by its file's name alone; empty if nothing is left of it. */
function readableNameOf(filename: string): string {
  const stem = checkpointStem(filename);
  if (MODEL_NAME.test(stem)) return stem;
  const name = stem.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._-]+/, '');
  return name.slice(0, LONGEST);
}

function withDigest(name: string, filename: string): string {
  const suffix = `_${digestOf(filename)}`;
  return `${name.slice(0, LONGEST - suffix.length)}${suffix}`;
}

/** Eight hexadecimal digits that tell texts apart: FNV-1a of 32 bits, since pages without HTTPS have no SHA-256. */
function digestOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
