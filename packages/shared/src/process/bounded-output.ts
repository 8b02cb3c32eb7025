import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** What is kept of text that was not taken yet; what comes beyond is dropped. */
const KEPT_BYTES = 1 << 20;

/** Pause before text is offered again; it doubles while none of it is taken. */
const RETRY_MS = 2;
const LONGEST_RETRY_MS = 100;

/** Longest time that the end of the process waits for its last words to be taken. */
const LAST_WORDS_MS = 300;
const LAST_WORDS_PAUSE_MS = 10;

const NEWLINE = 0x0a;

const NAMES = { 1: 'standard output', 2: 'standard error' } as const;

/**
 * Standard output or standard error, written to without ever waiting: while its disk is full, its reader is slow or gone,
 * a little is kept and the rest is dropped and counted. Writes are synchronous, so that a crash loses no line.
 */
export class BoundedOutput {
  readonly #standardFd: keyof typeof NAMES;
  #ownFd: number | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  /** Lines dropped since that was last told. */
  #untold = 0;
  #droppedLines = 0;
  #tell = (sentence: string, _lines: number) => this.write(`${sentence}\n`);

  constructor(fd: keyof typeof NAMES) {
    this.#standardFd = fd;
  }

  /** Lines dropped since the process started. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Makes `tell` write the sentence that says how many lines were dropped, once text is taken again. */
  onRecovery(tell: (sentence: string, lines: number) => void): void {
    this.#tell = tell;
  }

  /** Opens it, which the first write does as well. Must come before anything takes the place of Node's own streams. */
  open(): number {
    if (this.#ownFd !== undefined) return this.#ownFd;
    process.once('exit', () => this.#sayLastWords());
    this.#ownFd = openWithoutWaiting(this.#standardFd);
    return this.#ownFd;
  }

  /** Writes a line, now if it is taken, else later or not at all. */
  write(text: string | Uint8Array): void {
    const bytes = Buffer.from(text);
    const rest = this.#keptBytes > 0 ? bytes : this.#offer(bytes);
    if (rest.length > 0) this.#keep(rest);
  }

  #keep(bytes: Buffer): void {
    // Once something was dropped all is, until the count can be told in its place.
    if (this.#untold > 0 || this.#keptBytes + bytes.length > KEPT_BYTES) {
      const lines = countLines(bytes);
      this.#untold += lines;
      this.#droppedLines += lines;
      return;
    }
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    this.#retry ??= setTimeout(() => this.#tryAgain(), this.#retryMs).unref();
  }

  #tryAgain(): void {
    const offeredBytes = this.#keptBytes;
    this.#offerKept();
    const isTaken = this.#keptBytes < offeredBytes;
    this.#retryMs = isTaken ? RETRY_MS : Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
    this.#retry = this.#keptBytes > 0 ? setTimeout(() => this.#tryAgain(), this.#retryMs).unref() : undefined;
  }

  #offerKept(): void {
    const rest = this.#offer(Buffer.concat(this.#kept));
    this.#kept = rest.length > 0 ? [rest] : [];
    this.#keptBytes = rest.length;
    if (rest.length > 0 || this.#untold === 0) return;
    const lines = this.#untold;
    this.#untold = 0;
    const what = lines === 1 ? '1 log line was dropped' : `${lines} log lines were dropped`;
    this.#tell(`${what}, because ${NAMES[this.#standardFd]} did not take ${lines === 1 ? 'it' : 'them'}.`, lines);
  }

  /** Returns what was not taken. Whatever the reason is, it may be over later. */
  #offer(bytes: Buffer): Buffer {
    let rest = bytes;
    try {
      const fd = this.open();
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch {}
    return rest;
  }

  #sayLastWords(): void {
    const endMs = performance.now() + LAST_WORDS_MS;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (this.#keptBytes > 0) {
      this.#offerKept();
      if (performance.now() > endMs) return;
      if (this.#keptBytes > 0) Atomics.wait(sleeper, 0, 0, LAST_WORDS_PAUSE_MS);
    }
  }
}

/** A line without its end counts as well. */
function countLines(bytes: Buffer): number {
  let lines = bytes.at(-1) === NEWLINE ? 0 : 1;
  for (const byte of bytes) if (byte === NEWLINE) lines++;
  return lines;
}

/**
 * A descriptor that refuses what it cannot take at once. The given one is shared with other processes, any of which may
 * change whether it waits, so that it is opened anew where that can be done.
 */
function openWithoutWaiting(fd: keyof typeof NAMES): number {
  // A file does not wait for a reader, and has a position that is shared for a reason.
  if (fstatSync(fd).isFile()) return fd;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, or no such folder on this system: Node makes what it opens as a stream one that does not wait.
    void (fd === 1 ? process.stdout : process.stderr);
    return fd;
  }
}
