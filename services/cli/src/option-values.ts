import type { ArtifactFormat, Metadata } from '@caissa/conversion';
import { metadataRefusal } from '@caissa/shared/metadata-refusal';
import { InvalidArgumentError } from 'commander';

const FORMATS: readonly ArtifactFormat[] = ['pytorch', 'onnx'];
const LEVELS = ['none', 'quick', 'full'] as const;
const OPSETS = { min: 11, max: 21 } as const;

/** How far an export is checked. */
export type VerifyLevel = (typeof LEVELS)[number];

/** Reads a format or several, and adds them to those before. @throws InvalidArgumentError */
export function addFormats(text: string, before: readonly ArtifactFormat[] | undefined): ArtifactFormat[] {
  const added = text.split(',').map((name) => {
    const format = FORMATS.find((known) => known === name.trim());
    if (format === undefined) throw new InvalidArgumentError(`The formats are ${FORMATS.join(' and ')}.`);
    return format;
  });
  return [...new Set([...(before ?? []), ...added])];
}

/** Reads the ONNX operator set. @throws InvalidArgumentError */
export function readOpset(text: string): number {
  const opset = Number(text);
  if (/^\d+$/.test(text) && opset >= OPSETS.min && opset <= OPSETS.max) return opset;
  throw new InvalidArgumentError(`It must be a whole number from ${OPSETS.min} to ${OPSETS.max}.`);
}

/** Reads a level of verification. @throws InvalidArgumentError */
export function readLevel(text: string): VerifyLevel {
  const level = LEVELS.find((known) => known === text);
  if (level === undefined) throw new InvalidArgumentError(`The levels are ${LEVELS.join(', ')}.`);
  return level;
}

/** Reads `key=value` and adds it to the entries before. @throws InvalidArgumentError */
export function addMetadata(text: string, before: Metadata | undefined): Metadata {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0)).trim();
  if (key === '') throw new InvalidArgumentError('It must be key=value.');
  if (before !== undefined && Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is there twice.`);
  const entry: Metadata = Object.fromEntries([[key, parseValue(text.slice(at + 1))]]);
  const metadata = { ...before, ...entry };
  const refusal = metadataRefusal(metadata);
  if (refusal !== undefined) throw new InvalidArgumentError(`Metadata ${refusal}.`);
  return metadata;
}

/** What was typed as a value: numbers, `true`, `false`, `null`, lists and objects count as such, the rest is text. */
function parseValue(text: string): Metadata[string] {
  const trimmed = text.trim();
  if (!/^(-?\d|true$|false$|null$|\[|\{|")/.test(trimmed)) return text;
  try {
    return JSON.parse(trimmed);
  } catch {
    return text;
  }
}
