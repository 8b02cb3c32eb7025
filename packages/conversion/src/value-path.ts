import type { PickleValue } from '@caissa/pytorch';

/** Longer keys are cut: a path is something to read and to type. */
const MAX_KEY_LENGTH = 100;

const PLAIN_KEY = /^[\w-]+$/;

/** Returns the path of an entry, as a person writes it: `config.phase`, `agents[0]`, `runs["1.5 M"]`. */
export function pathInside(path: string, key: PickleValue): string {
  if (typeof key === 'number' || typeof key === 'bigint') return `${path}[${key}]`;
  if (typeof key !== 'string') return `${path}[…]`;
  const text = key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key;
  if (!PLAIN_KEY.test(text)) return `${path}[${JSON.stringify(text)}]`;
  return path === '' ? text : `${path}.${text}`;
}
