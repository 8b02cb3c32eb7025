import { AppError } from '@caissa/shared/errors';
import { WAIT_LIMIT_SECONDS } from '@caissa/shared/settings';
import { z } from 'zod';

/** How long a request that starts work is held, and whether the client asked for it. */
export interface Wait {
  readonly seconds: number;
  readonly asked: boolean;
}

/**
 * Decides how long to hold a request: by its query, else its `Prefer` header, else the default; never longer than
 * {@link WAIT_LIMIT_SECONDS}.
 * Source: RFC 7240 sections 4.1 (respond-async) and 4.3 (wait). Preferences that cannot be understood are ignored.
 */
export function chooseWait(query: number | undefined, prefer: string | undefined, defaultSeconds: number): Wait {
  if (query !== undefined) return { seconds: withinLimit(query), asked: true };
  const preferences = parsePrefer(prefer ?? '');
  const wait = preferences.get('wait');
  if (wait !== undefined && /^\d{1,9}$/.test(wait)) return { seconds: withinLimit(Number(wait)), asked: true };
  if (preferences.has('respond-async')) return { seconds: 0, asked: true };
  return { seconds: withinLimit(defaultSeconds), asked: false };
}

function withinLimit(seconds: number): number {
  return Math.min(seconds, WAIT_LIMIT_SECONDS);
}

/** Preferences by name in lower case, without their parameters. The first of a name counts, section 2. */
function parsePrefer(header: string): Map<string, string> {
  const preferences = new Map<string, string>();
  for (const part of header.split(',')) {
    const [name = '', value = ''] = (part.split(';', 1)[0] ?? '').split('=', 2).map((text) => text.trim());
    const key = name.toLowerCase();
    if (!preferences.has(key)) preferences.set(key, value.replace(/^"(.*)"$/, '$1'));
  }
  return preferences;
}

/** An `Idempotency-Key`. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** The `Idempotency-Key` of a request. @throws AppError INVALID_PARAMETER */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = idempotencyKeySchema.safeParse(header);
  if (key.success) return key.data;
  throw new AppError('INVALID_PARAMETER', 'An Idempotency-Key is 1 to 255 visible ASCII characters.');
}
