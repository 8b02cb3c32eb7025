import {
  type Format,
  formatNames,
  isFormat,
  type JsonObject,
  listed,
  metadataRefusal,
  type OptionFacts,
  parseMetadataValue,
  parseSourceDate,
  SOURCE_DATE_RULE,
  VERIFY_LEVELS,
  type VerifyLevel,
} from '@caissa/formats';
import { InvalidArgumentError } from 'commander';

/** Reads a format or several, and adds them to those before. @throws InvalidArgumentError */
export function addFormats(text: string, before: readonly Format[] | undefined): Format[] {
  const added = text.split(',').map((name) => {
    const format = name.trim();
    if (!isFormat(format)) throw new InvalidArgumentError(`The formats are ${listed(formatNames(), 'and')}.`);
    return format;
  });
  return [...new Set([...(before ?? []), ...added])];
}

/** Reads an option of a format. @throws InvalidArgumentError */
export function readWithin({ min, max }: Pick<OptionFacts, 'min' | 'max'>, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
}

/** Reads the date that exports state; an empty text stands for now. @throws InvalidArgumentError */
export function readSourceDate(text: string): Date {
  const date = text === '' ? new Date() : parseSourceDate(text);
  if (date === undefined) throw new InvalidArgumentError(`It ${SOURCE_DATE_RULE}.`);
  return date;
}

/** Reads a level of verification. @throws InvalidArgumentError */
export function readLevel(text: string): VerifyLevel {
  const level = VERIFY_LEVELS.find((known) => known === text);
  if (level === undefined) throw new InvalidArgumentError(`The levels are ${VERIFY_LEVELS.join(', ')}.`);
  return level;
}

/** Reads `key=value` and adds it to the entries before. @throws InvalidArgumentError */
export function addMetadata(text: string, before: JsonObject | undefined): JsonObject {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0)).trim();
  if (key === '') throw new InvalidArgumentError('It must be key=value.');
  if (before !== undefined && Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is there twice.`);
  const entry: JsonObject = Object.fromEntries([[key, parseMetadataValue(text.slice(at + 1))]]);
  const metadata = { ...before, ...entry };
  const refusal = metadataRefusal(metadata);
  if (refusal !== undefined) throw new InvalidArgumentError(`Metadata ${refusal}.`);
  return metadata;
}

/** Reads the address of an API. Returns it without a slash at its end. @throws InvalidArgumentError */
export function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InvalidArgumentError('It must be an address such as https://chess.example.com.');
  }
  return url.href.replace(/\/+$/, '');
}

/** Reads an access key. @throws InvalidArgumentError */
export function readApiKey(text: string): string {
  // Nothing else fits into the head of a request.
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new InvalidArgumentError('An access key has no spaces, line breaks or letters with accents.');
}
