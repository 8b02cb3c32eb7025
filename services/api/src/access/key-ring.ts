import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../http/route.js';

/** Fewest characters of a key. Keys are meant to be random; see {@link AccessKeys.find} for what that saves. */
export const MIN_KEY_LENGTH = 16;

/** An access key as it is held in memory: never the key itself. */
export interface AccessKey extends Caller {
  /** SHA-256 of the key. */
  readonly digest: Buffer;
}

/** What limits call the client that holds a named key. */
export const keyHolder = (name: string) => `key:${name}`;

/** SHA-256 of a text, 32 bytes. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Takes the names whose key was removed or replaced. */
type RevocationListener = (names: ReadonlySet<string>) => void;

/** The access keys of this API, by digest only. */
export class AccessKeys {
  readonly #listeners = new Set<RevocationListener>();
  #keys: readonly AccessKey[];

  constructor(keys: readonly AccessKey[]) {
    this.#keys = keys;
  }

  /** Other keys from now on. Returns the names whose key was removed or replaced. */
  replace(keys: readonly AccessKey[]): string[] {
    const stays = (old: AccessKey) => keys.some(({ name, digest }) => name === old.name && digest.equals(old.digest));
    const revoked = this.#keys.filter((key) => !stays(key)).map(({ name }) => name);
    this.#keys = keys;
    for (const listener of this.#listeners) listener(new Set(revoked));
    return revoked;
  }

  /** Calls `listener` whenever keys are replaced. */
  onReplaced(listener: RevocationListener): void {
    this.#listeners.add(listener);
  }

  /** Whether a request needs a key; without keys everybody is an operator. */
  get required(): boolean {
    return this.#keys.length > 0;
  }

  /**
   * Finds the holder of a key. Every key is compared, each in constant time, so that the time taken reveals nothing; a
   * fast digest is enough because keys are long and random, unlike passwords.
   */
  find(presented: string): Caller | undefined {
    const digest = sha256(presented);
    let found: AccessKey | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found && { name: found.name, role: found.role };
  }

  /** What a session remembers of the key that opened it: it changes with the key, and reveals nothing about it. */
  fingerprint(name: string): string | undefined {
    const key = this.#keys.find((one) => one.name === name);
    return key && createHash('sha256').update('session:').update(key.digest).digest('hex');
  }

  /** The holder of a named key with its present role, if that is still the key that the fingerprint was taken of. */
  findByFingerprint(name: string, fingerprint: string): Caller | undefined {
    const key = this.#keys.find((one) => one.name === name);
    return key && this.fingerprint(name) === fingerprint ? { name, role: key.role } : undefined;
  }
}
