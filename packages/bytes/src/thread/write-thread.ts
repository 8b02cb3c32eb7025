import { readSync, writeSync } from 'node:fs';
import type { Piece } from '../byte-io.js';
import { answerRequests } from './answer-requests.js';
import { type FileProgress, noteWritten } from './file-progress.js';

/** Bytes that follow those that a file has. */
export interface WriteRequest {
  readonly descriptor: number;
  /** Where the file ends. */
  readonly position: number;
  readonly pieces: readonly Piece[];
  readonly progress: FileProgress;
}

/** Why pieces could not be written, if it is no fault of the system: a file ended at `offset`, inside a range of it. */
export type WriteReply = { readonly endedAt: number } | undefined;

/** Fits the cache of a core, from where the bytes are written that were just read. */
const BUFFER_BYTES = 256 << 10;

/** Pieces on their way: small ones go to the file together. */
class Gathered {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #usedBytes = 0;
  #position = 0;
  #write: (bytes: Uint8Array, position: number) => void = () => undefined;

  begin(position: number, write: (bytes: Uint8Array, position: number) => void): void {
    this.#usedBytes = 0;
    this.#position = position;
    this.#write = write;
  }

  /** Lets `fill` put at most `maxBytes` into the buffer; it returns how many it did. */
  add(maxBytes: number, fill: (target: Uint8Array) => number): number {
    const filled = fill(this.#buffer.subarray(this.#usedBytes, this.#usedBytes + maxBytes));
    this.#usedBytes += filled;
    if (this.#usedBytes === BUFFER_BYTES) this.flush();
    return filled;
  }

  flush(): void {
    if (this.#usedBytes === 0) return;
    this.#write(this.#buffer.subarray(0, this.#usedBytes), this.#position);
    this.#position += this.#usedBytes;
    this.#usedBytes = 0;
  }
}

const gathered = new Gathered();

function append({ descriptor, position, pieces, progress }: WriteRequest): WriteReply {
  gathered.begin(position, (bytes, from) => {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, bytes.length - done, from + done);
    }
    noteWritten(progress, from + bytes.length);
  });
  for (const piece of pieces) {
    const endedAt = piece instanceof Uint8Array ? addBytes(piece) : addRange(piece);
    if (endedAt !== undefined) return { endedAt };
  }
  gathered.flush();
  return undefined;
}

function addBytes(bytes: Uint8Array): undefined {
  for (let done = 0; done < bytes.length; ) {
    done += gathered.add(bytes.length - done, (target) => {
      target.set(bytes.subarray(done, done + target.length));
      return target.length;
    });
  }
}

/** Returns where the file ended, if it did before the range. */
function addRange({ descriptor, offsetBytes, lengthBytes }: Exclude<Piece, Uint8Array>): number | undefined {
  for (let done = 0; done < lengthBytes; ) {
    const at = offsetBytes + done;
    const filled = gathered.add(lengthBytes - done, (target) => readSync(descriptor, target, 0, target.length, at));
    if (filled === 0) return at;
    done += filled;
  }
  return undefined;
}

answerRequests(append);
