import type { Piece } from '../byte-io.js';
import { FormatError } from '../format-error.js';
import { allEnded } from './all-ended.js';
import type { DigestReply, DigestRequest } from './digest-thread.js';
import { type FileProgress, newProgress, noteEnd, noteWritten } from './file-progress.js';
import { RequestThread } from './request-thread.js';
import type { WriteReply, WriteRequest } from './write-thread.js';

/** Compiled code, seen alike from the sources and from what they compile to. */
const WRITE_PROGRAM = new URL('../../dist/thread/write-thread.js', import.meta.url);
const DIGEST_PROGRAM = new URL('../../dist/thread/digest-thread.js', import.meta.url);

/** Two threads for one file: one reads and writes, one computes the digest of what has been written. */
interface ThreadPair {
  readonly writing: RequestThread<WriteRequest, WriteReply>;
  readonly digesting: RequestThread<DigestRequest, DigestReply>;
}

/** Pairs that wait for the next file. Starting one takes as long as exporting a small model. */
const idle: ThreadPair[] = [];

/** A worker has two exports at once, unless it is told otherwise; what more of them leave behind is not kept. */
const MOST_IDLE = 2;

function takePair(): ThreadPair {
  return (
    idle.pop() ?? {
      writing: new RequestThread(WRITE_PROGRAM),
      digesting: new RequestThread(DIGEST_PROGRAM),
    }
  );
}

function returnPair(pair: ThreadPair): void {
  const { writing, digesting } = pair;
  if (!writing.isLost && !digesting.isLost && idle.length < MOST_IDLE) {
    idle.push(pair);
    return;
  }
  writing.end();
  digesting.end();
}

/**
 * Writes an open, empty file from its start to its end and computes its SHA-256 meanwhile, on threads of their own: with
 * a second core the digest, which is most of the work, costs no time, and what copies other files is done by two calls
 * into the system for each piece that fits a core's cache, and nobody else is woken for it.
 */
export class BackgroundWriter {
  readonly #descriptor: number;
  readonly #progress: FileProgress = newProgress();
  readonly #pair = takePair();
  readonly #digest: Promise<DigestReply>;
  #position = 0;
  #ended: Promise<DigestReply> | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#digest = this.#pair.digesting.ask({ descriptor, progress: this.#progress });
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
    const reply = await this.#pair.writing.ask(request, transfer);
    if (reply === undefined) return;
    throw new FormatError('ZIP_TRUNCATED', 'The file became shorter while it was read.', { offset: reply.endedAt });
  }

  /** The digest of all bytes, in hexadecimal digits. Nothing may be appended any more. */
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
      this.#ended = this.#digest.finally(() => returnPair(this.#pair));
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
  const pair = takePair();
  try {
    return (await pair.digesting.ask({ descriptor, progress })) ?? '';
  } finally {
    returnPair(pair);
  }
}
