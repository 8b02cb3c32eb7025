import { randomBytes } from 'node:crypto';
import { callRedis, type RedisClient, type RedisKeys } from '@caissa/redis';
import type { CookieOptions, Request, Response } from 'express';
import { z } from 'zod';
import { addressFor } from '../http/base-path.js';
import type { Caller } from '../http/route.js';
import { type AccessKeys, sha256 } from './key-ring.js';

/** Seconds until a visitor has to sign in again. */
export const SESSION_SECONDS = 12 * 3600;

const ID = /^[A-Za-z0-9_-]{43}$/;

const storedSchema = z.object({ name: z.string(), fingerprint: z.string() });

/** Who is signed in. Redis holds a digest of each session id, so that reading Redis opens no session. */
export class Sessions {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #keys: AccessKeys;

  constructor(redis: RedisClient, redisKeys: Pick<RedisKeys, 'prefix'>, keys: AccessKeys) {
    this.#redis = redis;
    this.#prefix = redisKeys.prefix;
    this.#keys = keys;
  }

  /** Opens a session for the holder of a key and returns its id, 256 random bits. @throws AppError REDIS_UNAVAILABLE */
  async open(caller: Caller): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    const stored = JSON.stringify({ name: caller.name, fingerprint: this.#keys.fingerprint(caller.name) });
    await callRedis(() => this.#redis.set(this.#key(id), stored, 'EX', SESSION_SECONDS));
    return id;
  }

  /**
   * Returns the holder of a session, with the role that their key has now. A removed or replaced key ends its sessions.
   * @throws AppError REDIS_UNAVAILABLE
   */
  async find(id: string): Promise<Caller | undefined> {
    if (!ID.test(id)) return undefined;
    const text = await callRedis(() => this.#redis.get(this.#key(id)));
    const stored = text === null ? undefined : storedSchema.safeParse(JSON.parse(text)).data;
    return stored && this.#keys.findByFingerprint(stored.name, stored.fingerprint);
  }

  /** Ends a session. @throws AppError REDIS_UNAVAILABLE */
  async close(id: string): Promise<void> {
    if (ID.test(id)) await callRedis(() => this.#redis.del(this.#key(id)));
  }

  #key(id: string): string {
    return `${this.#prefix}:session:${sha256(id).toString('hex')}`;
  }
}

/** Name of the cookie that carries a session. */
export const SESSION_COOKIE = 'caissa_session';

/** Reads the session id that a browser sent, if any. Source: RFC 6265, section 5.4. */
export function readSessionCookie(request: Pick<Request, 'headers'>): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Sets the cookie of a session. */
export function setSessionCookie(request: Request, response: Response, id: string): void {
  response.cookie(SESSION_COOKIE, id, { ...attributes(request), maxAge: SESSION_SECONDS * 1000 });
}

/** Clears the cookie of a session. */
export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(SESSION_COOKIE, attributes(request));
}

function attributes(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', path: addressFor(request, '/'), secure: isHttps(request) };
}

/**
 * Whether the browser speaks TLS, by what a trusted proxy says or by the origin of the page. A wrong origin only keeps
 * the client's own cookie from working.
 */
function isHttps(request: Request): boolean {
  return request.secure || request.headers.origin?.startsWith('https://') === true;
}
