import { readFile } from 'node:fs/promises';
import { isLoopback } from '@caissa/shared/http';
import { ConfigurationError } from '@caissa/shared/settings';
import type { ApiSettings } from '../context.js';
import { type AccessKey, AccessKeys, MIN_KEY_LENGTH, sha256 } from './key-ring.js';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
// What an HTTP header can carry without being changed on its way.
const KEY = new RegExp(`^[\\x21-\\x7e]{${MIN_KEY_LENGTH},512}$`);

/** The settings that decide who may call the API. */
type AccessSettings = Pick<ApiSettings, 'API_KEYS' | 'API_KEYS_FILE' | 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS'>;

/** A `role:name:key` and its place, for messages. */
interface Line {
  readonly place: string;
  readonly text: string;
}

/**
 * Reads the access keys and checks that the settings do not open the API to others by accident.
 * @throws ConfigurationError with a sentence for each mistake; no sentence shows a key
 */
export async function readAccessKeys(settings: AccessSettings): Promise<AccessKeys> {
  const keys = new AccessKeys(await readKeys(settings));
  checkExposure(settings, keys.required);
  return keys;
}

/** Reads the keys themselves. @throws ConfigurationError as {@link readAccessKeys} does */
export async function readKeys(settings: Pick<AccessSettings, 'API_KEYS' | 'API_KEYS_FILE'>): Promise<AccessKey[]> {
  return parse(await readLines(settings));
}

async function readLines({
  API_KEYS,
  API_KEYS_FILE,
}: Pick<AccessSettings, 'API_KEYS' | 'API_KEYS_FILE'>): Promise<Line[]> {
  if (API_KEYS_FILE === '') return API_KEYS.map((text, at) => ({ place: `API_KEYS, entry ${at + 1}`, text }));
  if (API_KEYS.length > 0) throw new ConfigurationError('Set either API_KEYS or API_KEYS_FILE, not both.');
  const lines = (await readKeyFile(API_KEYS_FILE))
    .split(/\r?\n/)
    .map((text, at) => ({ place: `API_KEYS_FILE, line ${at + 1}`, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  // Whoever names a file wants keys: an empty one must not open the API to everybody.
  if (lines.length === 0) throw new ConfigurationError(`API_KEYS_FILE names ${API_KEYS_FILE}, which holds no key.`);
  return lines;
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new ConfigurationError(`API_KEYS_FILE names ${path}, which cannot be read (${code}).`);
  }
}

function parse(lines: readonly Line[]): AccessKey[] {
  const keys: AccessKey[] = [];
  const problems: string[] = [];
  for (const { place, text } of lines) {
    const parsed = parseLine(text);
    const problem = typeof parsed === 'string' ? parsed : clash(parsed, keys);
    if (problem !== undefined) problems.push(`${place}: ${problem}`);
    else if (typeof parsed !== 'string') keys.push(parsed);
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
  return keys;
}

/** Reads one line, or says what is wrong with it. The text is never repeated: any part of it may be a key. */
function parseLine(text: string): AccessKey | string {
  const [role, name, ...rest] = text.split(':');
  const key = rest.join(':');
  if (role === undefined || name === undefined || rest.length === 0) {
    return 'an access key is written role:name:key.';
  }
  if (role !== 'viewer' && role !== 'operator') return 'the role must be viewer or operator.';
  if (!NAME.test(name)) return 'the name must be 1 to 64 of the characters A-Z a-z 0-9 _ -.';
  if (!KEY.test(key)) {
    return `the key must be ${MIN_KEY_LENGTH} to 512 visible ASCII characters without spaces; make one with: openssl rand -hex 32`;
  }
  return { role, name, digest: sha256(key) };
}

function clash(key: AccessKey, others: readonly AccessKey[]): string | undefined {
  if (others.some(({ name }) => name === key.name)) return `the name ${key.name} is used twice.`;
  const twin = others.find(({ digest }) => digest.equals(key.digest));
  return twin && `${key.name} and ${twin.name} have the same key; give each its own.`;
}

/** Whether a text is an origin as browsers send it: scheme, host and perhaps a port, and nothing after it. */
function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text;
}

/**
 * Refuses settings that would open the API to others by accident.
 * @throws ConfigurationError
 */
function checkExposure(
  { HOST, ALLOW_ANONYMOUS, CORS_ORIGINS }: Pick<ApiSettings, 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS'>,
  keysRequired: boolean,
): void {
  const problems = CORS_ORIGINS.filter((origin) => !isOrigin(origin)).map(
    (origin) =>
      `CORS_ORIGINS has "${origin}", which is not an origin such as https://chess.example or http://localhost:5173.`,
  );
  if (!keysRequired && !ALLOW_ANONYMOUS && !isLoopback(HOST)) {
    problems.push(
      `HOST is "${HOST}", so that others could reach the API, but there are no access keys. ` +
        'Set API_KEYS or API_KEYS_FILE, or ALLOW_ANONYMOUS=true if everybody may do everything.',
    );
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
}
