import { Coalesced } from '@caissa/bytes';
import type { ChainableCommander } from 'ioredis';
import { z } from 'zod';
import type { RedisClient } from './connect.js';

/** Changes that are kept: who has missed more reads everything again. */
const LOG_LENGTH = 1_000;

/** Entries that are read at once, when many have to be. */
const PAGE_ENTRIES = 500;

/** The field of a change that names an entry; a change may have several. */
const NAME = 'name';

const changesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

/** Where a {@link HashMirror} reads. */
export interface MirrorSource<T> {
  readonly redis: RedisClient;
  /** Hash: name → entry as text. */
  readonly hash: string;
  /** Stream of the names of entries that changed. Its ids are times, so a log that was begun anew repeats none. */
  readonly changes: string;
  /** Returns nothing for an entry that cannot be read; it is left out. */
  parse(text: string): T | undefined;
}

/** Lua that begins a list of the entries of a mirrored hash that a script changes: `changed(name)` adds one. */
export const CHANGED = `
local changes = {}
local function changed(name)
  changes[#changes + 1] = '${NAME}'
  changes[#changes + 1] = name
end`;

/** Lua that notes what {@link CHANGED} has gathered, some thousand names at most. KEYS[1]: changes. */
export const NOTE_CHANGED = `redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${LOG_LENGTH}, '*', unpack(changes))`;

/** Notes in the transaction that changes entries of a mirrored hash, some thousand at most, that it does. */
export function noteChange(transaction: ChainableCommander, changes: string, names: string[]): ChainableCommander {
  return transaction.xadd(changes, 'MAXLEN', '~', LOG_LENGTH, '*', ...names.flatMap((name) => [NAME, name]));
}

/**
 * A copy of a hash in this process. Each reading asks Redis for the last change, and reads what has changed since the
 * one before; so it is never behind, and costs no more for ten thousand entries than for ten.
 */
export class HashMirror<T> {
  readonly #source: MirrorSource<T>;
  readonly #reading = new Coalesced(() => this.#refresh());
  #entries: ReadonlyMap<string, T> | undefined;
  /** Id of the last change that is in `#entries`. */
  #version: string | undefined;

  constructor(source: MirrorSource<T>) {
    this.#source = source;
  }

  /** Every entry that can be read, by name. The same object as before if nothing has changed. */
  all(): Promise<ReadonlyMap<string, T>> {
    return this.#reading.get();
  }

  async #refresh(): Promise<ReadonlyMap<string, T>> {
    const { redis, changes } = this.#source;
    const [last] = changesSchema.parse(await redis.xrevrange(changes, '+', '-', 'COUNT', 1));
    const version = last?.[0];
    if (this.#entries !== undefined && version !== undefined && version === this.#version) return this.#entries;
    const since = this.#entries && (await this.#changedSince(this.#version));
    const entries =
      this.#entries && since ? await this.#readChanged(this.#entries, since.names) : await this.#readAll();
    this.#entries = entries;
    this.#version = since?.version ?? version;
    // What was written before there was a log shall not be read anew each time.
    if (version === undefined && entries.size > 0) await redis.xadd(changes, '*', NAME, '');
    return entries;
  }

  /** What has changed since; nothing if that cannot be told any more. */
  async #changedSince(version: string | undefined): Promise<{ names: string[]; version: string } | undefined> {
    if (version === undefined) return undefined;
    const { redis, changes } = this.#source;
    const [known, ...later] = changesSchema.parse(await redis.xrange(changes, version, '+'));
    const last = later.at(-1);
    if (known?.[0] !== version || last === undefined) return undefined;
    return { names: [...new Set(later.flatMap(([, fields]) => namesOf(fields)))], version: last[0] };
  }

  async #readChanged(before: ReadonlyMap<string, T>, names: readonly string[]): Promise<ReadonlyMap<string, T>> {
    const entries = new Map(before);
    for (let from = 0; from < names.length; from += PAGE_ENTRIES) {
      const page = names.slice(from, from + PAGE_ENTRIES);
      const texts = await this.#source.redis.hmget(this.#source.hash, ...page);
      for (const [at, name] of page.entries()) {
        const text = texts[at];
        const entry = text == null ? undefined : this.#source.parse(text);
        if (entry === undefined) entries.delete(name);
        else entries.set(name, entry);
      }
    }
    return entries;
  }

  /** Page by page: all in one answer would take longer than a command may. What changes meanwhile is in the log. */
  async #readAll(): Promise<ReadonlyMap<string, T>> {
    const { redis, hash, parse } = this.#source;
    const entries = new Map<string, T>();
    let cursor = '0';
    do {
      const [next, fields] = await redis.hscan(hash, cursor, 'COUNT', PAGE_ENTRIES);
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const entry = parse(fields[at + 1] as string);
        if (entry !== undefined) entries.set(fields[at] as string, entry);
      }
      cursor = next;
    } while (cursor !== '0');
    // Empty stays the same empty.
    return entries.size === 0 && this.#entries?.size === 0 ? this.#entries : entries;
  }
}

/** The names in the fields of a change. */
function namesOf(fields: readonly string[]): string[] {
  return fields.filter((_, at) => at % 2 === 1);
}
