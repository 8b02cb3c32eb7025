import type { Piece } from '../byte-io.js';
import { FormatError } from '../format-error.js';
import { allEnded } from './all-ended.js';
import type { DigestReply, DigestRequest } from './digest-thread.js';
import { type FileProgress, newProgress, noteEnd, noteWritten } from './file-progress.js';
import { ThreadPool } from './request-thread.js';
import type { WriteReply, WriteRequest } from './write-thread.js';

/** Compiled code, seen alike from the sources and from what they compile to. */
const WRITE_PROGRAM = new URL('../../dist/thread/write-thread.js', import.meta.url);
const DIGEST_PROGRAM = new URL('../../dist/thread/digest-thread.js', import.meta.url);

/** What a thread needs that makes no objects; without a limit it would let garbage lie about for which nobody has a use. */
const SMALL_HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 } as const;

/** One thread reads and writes a file, one computes the digest of what has been written. */
const writers = new ThreadPool<WriteRequest, WriteReply>(WRITE_PROGRAM, SMALL_HEAP);
const digesters = new ThreadPool<DigestRequest, DigestReply>(DIGEST_PROGRAM, SMALL_HEAP);

/**
 * Writes an open, empty file from its start to its end and computes its SHA-256 meanwhile, on threads of their own: with
 * a second core the digest, which is most of the work, costs no time, and what copies other files is done by two calls
 * into the system for each piece that fits a core's cache, and nobody else is woken for it.
 */
export class BackgroundWriter {
  readonly #descriptor: number;
  readonly #progress: FileProgress = newProgress();
  readonly #thread = writers.take();
  readonly #digest: Promise<DigestReply>;
  #position = 0;
  #ended: Promise<DigestReply> | undefined;

  constructor(descriptor: number, { digested = true } = {}) {
    this.#descriptor = descriptor;
    this.#digest = digested ? digestOf({ descriptor, progress: this.#progress }) : Promise.resolve(undefined);
    // Awaited at the end; a failure before that must not count as unhandled.
    this.#digest.catch(() => undefined);
  }

  /**
   * Appends pieces; until this settles, their bytes must not change, and the files they come from must stay open. Calls
   * may overlap; their order is the order of the bytes.
   * @throws FormatError ZIP_TRUNCATED if a file ends before its range does; the system's error
   */
  async append(pieces: readonly Piece[], lengthBytes: number): Promise<void> {
    const position = this.#position;
    this.#position += lengthBytes;
    const copies = pieces.map(toSend);
    const transfer = copies.flatMap((piece) =>
      piece instanceof Uint8Array && piece.buffer instanceof ArrayBuffer ? [piece.buffer] : [],
    );
    const request = { descriptor: this.#descriptor, position, pieces: copies, progress: this.#progress };
    const reply = await this.#thread.ask(request, transfer);
    if (reply === undefined) return;
    throw new FormatError('ZIP_TRUNCATED', 'The file became shorter while it was read.', { offset: reply.endedAt });
  }

  /** The digest of all bytes, in hexadecimal digits, or empty if none was asked for. Nothing may be appended any more. */
  async finish(): Promise<string> {
    return (await this.#end('complete')) ?? '';
  }

  /** Ends the use of the file without a digest, unless it was asked for already. No append may be under way. */
  async abandon(): Promise<void> {
    await allEnded([this.#end('abandoned')]).catch(() => undefined);
  }

  #end(state: 'complete' | 'abandoned'): Promise<DigestReply> {
    if (this.#ended === undefined) {
      noteEnd(this.#progress, state);
      this.#ended = this.#digest.finally(() => writers.giveBack(this.#thread));
    }
    return this.#ended;
  }
}

/** Shared memory is read where it is. Of other memory the thread gets a copy: of a view alone, not of all it is a view of. */
function toSend(piece: Piece): Piece {
  return piece instanceof Uint8Array && !(piece.buffer instanceof SharedArrayBuffer) ? Uint8Array.from(piece) : piece;
}

/** The SHA-256 of the first `sizeBytes` of an open file, in hexadecimal digits, computed on a thread. The file must stay open. */
export async function digestInBackground(descriptor: number, sizeBytes: number): Promise<string> {
  const progress = newProgress();
  noteWritten(progress, sizeBytes);
  noteEnd(progress, 'complete');
  // Whoever hashes a file before an export writes one next, and a thread can start meanwhile.
  writers.prepare();
  return (await digestOf({ descriptor, progress })) ?? '';
}

async function digestOf(request: DigestRequest): Promise<DigestReply> {
  const thread = digesters.take();
  try {
    return await thread.ask(request);
  } finally {
    digesters.giveBack(thread);
  }
}
