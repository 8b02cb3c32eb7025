import { FormatError, quoteName } from '@caissa/bytes';
import { MAX_NAME_BYTES } from '../limits.js';
import { FLAG_UTF8 } from './entry.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes an entry's name: UTF-8 if the flag says so, else ASCII.
 * @throws FormatError ZIP_PATH if it is not that, or too long; see {@link assertSafeName}
 */
export function decodeName(bytes: Uint8Array, flags: number): string {
  if (bytes.length > MAX_NAME_BYTES) throw unsafe(latin1(bytes), 'is too long');
  const isAscii = bytes.every((byte) => byte < 0x80);
  if (!isAscii && (flags & FLAG_UTF8) === 0) throw unsafe(latin1(bytes), 'is not text');
  let name: string;
  try {
    name = UTF8.decode(bytes);
  } catch {
    throw unsafe(latin1(bytes), 'is not UTF-8');
  }
  assertSafeName(name);
  return name;
}

/**
 * Checks that a name is a relative path, which means the same on every system.
 * @throws FormatError ZIP_PATH
 */
function assertSafeName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters, NUL above all, are what is refused.
  if (/[\u0000-\u001f\u007f]/.test(name)) throw unsafe(name, 'holds a control character');
  if (name.includes('\\')) throw unsafe(name, 'holds a backslash');
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw unsafe(name, 'is an absolute path');
  const segments = name.replace(/\/$/, '').split('/');
  if (segments.some((segment) => segment === '..' || segment === '.' || segment === '')) {
    throw unsafe(name, 'leaves its folder or has an empty part');
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function unsafe(name: string, what: string): FormatError {
  return new FormatError('ZIP_PATH', `Archive entry name ${quoteName(name)} ${what}.`, { entry: name });
}
