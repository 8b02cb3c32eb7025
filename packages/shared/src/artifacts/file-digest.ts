import { Worker } from 'node:worker_threads';

/** To the thread: hash the file up to here, and if `kind` is `finish`, answer and forget the file. */
export interface DigestRequest {
  readonly kind: 'advance' | 'finish';
  readonly id: number;
  readonly fd: number;
  readonly untilBytes: number;
}

/** From the thread: the digest, or why there is none. */
export type DigestReply = { readonly id: number } & ({ readonly sha256: string } | { readonly message: string });

interface Waiting {
  resolve(sha256: string): void;
  reject(error: Error): void;
}

/** Compiled code, seen alike from the sources and from what they compile to: a thread cannot run TypeScript. */
const PROGRAM = new URL('../../dist/artifacts/digest-thread.js', import.meta.url);

/** One thread for all files of a process: hashing is a third of what an export costs, and a second core does it for nothing. */
class DigestThread {
  readonly #worker = new Worker(PROGRAM);
  readonly #waiting = new Map<number, Waiting>();
  #lost: Error | undefined;

  constructor() {
    this.#worker.on('message', (reply: DigestReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('sha256' in reply) waiting?.resolve(reply.sha256);
      else waiting?.reject(new Error(reply.message));
      this.#hold();
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#hold();
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  send(request: DigestRequest): void {
    this.#worker.postMessage(request);
  }

  finish(id: number, fd: number, untilBytes: number): Promise<string> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#hold();
      this.send({ kind: 'finish', id, fd, untilBytes });
    });
  }

  /** The thread keeps the process alive only while somebody waits for it. */
  #hold(): void {
    if (this.#waiting.size > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#lost = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

let thread: DigestThread | undefined;
let lastId = 0;

function digestThread(): DigestThread {
  if (thread === undefined || thread.isLost) thread = new DigestThread();
  return thread;
}

/** The SHA-256 of a file that is being written front to back, computed on another thread while the writing goes on. */
export class FileDigest {
  readonly #thread = digestThread();
  readonly #id = ++lastId;
  readonly #fd: number;

  /** @param fd open for reading; it must stay open until {@link finish} has settled */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Says that the first `writtenBytes` bytes are in the file for good. */
  advance(writtenBytes: number): void {
    this.#thread.send({ kind: 'advance', id: this.#id, fd: this.#fd, untilBytes: writtenBytes });
  }

  /** The digest of the first `sizeBytes` bytes, as hexadecimal digits. To be called once, also for a file that is given up. */
  finish(sizeBytes: number): Promise<string> {
    return this.#thread.finish(this.#id, this.#fd, sizeBytes);
  }
}
