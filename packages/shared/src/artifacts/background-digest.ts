import { Worker } from 'node:worker_threads';

/** To the thread: bytes that come next, or, without any, the question for the digest, after which it is forgotten. */
export interface DigestRequest {
  readonly id: number;
  readonly bytes?: Uint8Array;
}

/** From the thread, one for each request: the digest if it was asked for. */
export type DigestReply = string | undefined;

interface Waiting {
  resolve(reply: DigestReply): void;
  reject(error: Error): void;
}

/** Compiled code, seen alike from the sources and from what they compile to: a thread cannot run TypeScript. */
const PROGRAM = new URL('../../dist/artifacts/digest-thread.js', import.meta.url);

/** One thread for all digests of a process: hashing is half of what an export costs, and a second core does it for nothing. */
class DigestThread {
  readonly #worker = new Worker(PROGRAM);
  /** In the order of their requests, which is that of the replies. */
  readonly #waiting: Waiting[] = [];
  #lost: Error | undefined;

  constructor() {
    this.#worker.on('message', (reply: DigestReply) => {
      this.#waiting.shift()?.resolve(reply);
      this.#hold();
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#hold();
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  ask(request: DigestRequest, transfer: ArrayBuffer[] = []): Promise<DigestReply> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#hold();
      this.#worker.postMessage(request, transfer);
    });
  }

  /** The thread keeps the process alive only while somebody waits for it. */
  #hold(): void {
    if (this.#waiting.length > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#lost = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

let thread: DigestThread | undefined;
let lastId = 0;

function digestThread(): DigestThread {
  if (thread === undefined || thread.isLost) thread = new DigestThread();
  return thread;
}

/** The SHA-256 of bytes that come one piece after the other, computed on another thread. */
export class BackgroundDigest {
  readonly #thread = digestThread();
  readonly #id = ++lastId;

  /**
   * Takes the next bytes, which must not change until the promise settles: the thread reads them where they are if they
   * lie in shared memory, and gets a copy otherwise. Calls may overlap; their order is the order of the bytes.
   */
  async update(bytes: Uint8Array): Promise<void> {
    if (bytes.buffer instanceof SharedArrayBuffer) {
      await this.#thread.ask({ id: this.#id, bytes });
      return;
    }
    const copy = Uint8Array.from(bytes);
    await this.#thread.ask({ id: this.#id, bytes: copy }, [copy.buffer]);
  }

  /** The digest, as hexadecimal digits. To be called once, also if nobody wants it any more. */
  async finish(): Promise<string> {
    return (await this.#thread.ask({ id: this.#id })) ?? '';
  }
}
