import { Readable } from 'node:stream';
import { AppError } from '@caissa/shared/errors';
import type { ObjectStore } from './object-store.js';

/** How often the reading of one object is taken up again where its connection broke, without a byte in between. */
const BROKEN_ATTEMPTS = 4;

/** Bytes `start` to `end` of an object, both inclusive, in one state of it. */
export interface WantedBytes {
  readonly key: string;
  readonly etag: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads an object. The request is made when somebody begins to read, and made again for the rest when its connection
 * breaks: whoever reads slowly keeps it open for long. Fails with `gone()` if the object is no longer there in this state,
 * and with AppError STORE_UNAVAILABLE.
 */
export function readObject(store: ObjectStore, wanted: WantedBytes, gone: () => Error): Readable {
  const stop = new AbortController();
  const stream = Readable.from(pieces(store, wanted, gone, stop.signal), { objectMode: false });
  // A reader who leaves need not wait for the next piece to come.
  stream.once('close', () => stop.abort());
  return stream;
}

async function* pieces(
  store: ObjectStore,
  { key, etag, start, end }: WantedBytes,
  gone: () => Error,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let next = start;
  for (let broken = 0; next <= end; broken++) {
    const found = await store.get(key, { range: { start: next, end }, etag, signal });
    if (!found) throw gone();
    const leave = () => found.body.destroy();
    signal.addEventListener('abort', leave, { once: true });
    const before = next;
    try {
      for await (const piece of found.body) {
        next += piece.length;
        yield piece;
      }
    } catch (error) {
      if (next > before) broken = 0;
      if (signal.aborted || broken >= BROKEN_ATTEMPTS) throw sendsLess(error);
    } finally {
      signal.removeEventListener('abort', leave);
      found.body.destroy();
    }
    if (next === before && broken >= BROKEN_ATTEMPTS) throw sendsLess();
  }
}

function sendsLess(cause?: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', 'The object store sends less of a file than it says it has.', { cause });
}
