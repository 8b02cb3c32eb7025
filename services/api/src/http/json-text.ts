import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { withBasePath } from './base-path.js';

const compress = promisify(gzip);

/** A shorter text gains less from compression than it costs. */
const LEAST_BYTES = 1_024;

/** Of SHA-256, in base64url. */
const TAG_LENGTH = 22;

/** A JSON text as it is sent: its entity tag and its compressed form are made once, when they are first asked for. */
export class JsonText {
  readonly plain: Buffer;
  #tag: string | undefined;
  #compressed: Promise<Buffer> | undefined;
  #below: { readonly basePath: string; readonly text: JsonText } | undefined;

  constructor(plain: Buffer) {
    this.plain = plain;
  }

  /** The text with the addresses in it below a base path; kept for the one that was asked for last. */
  below(basePath: string): JsonText {
    if (basePath === '') return this;
    if (this.#below?.basePath !== basePath) {
      this.#below = { basePath, text: new JsonText(Buffer.from(withBasePath({ basePath }, this.plain.toString()))) };
    }
    return this.#below.text;
  }

  /** Whether its compressed form is worth sending. */
  get isLong(): boolean {
    return this.plain.length >= LEAST_BYTES;
  }

  /** A weak entity tag, the same in every API process: the compressed form has other bytes. Source: RFC 9110 section 8.8.1. */
  get tag(): string {
    this.#tag ??= `W/"${createHash('sha256').update(this.plain).digest('base64url').slice(0, TAG_LENGTH)}"`;
    return this.#tag;
  }

  /** Its gzip, made quickly rather than well; off the main thread. */
  compressed(): Promise<Buffer> {
    this.#compressed ??= compress(this.plain, { level: constants.Z_BEST_SPEED });
    return this.#compressed;
  }
}

const texts = new WeakMap<Buffer, JsonText>();

/** The text of bytes that are kept and sent again. */
export function jsonTextOf(plain: Buffer): JsonText {
  const known = texts.get(plain);
  if (known !== undefined) return known;
  const text = new JsonText(plain);
  texts.set(plain, text);
  return text;
}
