import type { z } from 'zod';

/** The rest of a sentence about a value that breaks a rule of a schema without words of its own. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return `must not hold ${issue.keys
        .slice(0, SHOWN_KEYS)
        .map((key) => JSON.stringify(key.slice(0, SHOWN_CHARACTERS)))
        .join(', ')}`;
    default:
      return undefined;
  }
}

/** Names of keys come from the client: they may be as long and as many as the body has room for. */
const SHOWN_CHARACTERS = 100;
const SHOWN_KEYS = 5;

const TYPES: Readonly<Record<string, string>> = {
  object: 'an object',
  string: 'one text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
