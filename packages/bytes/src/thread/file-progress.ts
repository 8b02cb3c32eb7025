/** How far a file is written, in memory that threads share; see {@link newProgress}. */
export type FileProgress = BigInt64Array;

/** What a {@link FileProgress} says at one moment. */
export interface ProgressSeen {
  /** Bytes from the start of the file that are there. */
  readonly writtenBytes: number;
  readonly state: 'growing' | 'complete' | 'abandoned';
  /** What to wait on until something changes. */
  readonly word: bigint;
}

/** One number holds both, so that who waits for a change cannot miss one: the bytes above, the state in the last two bits. */
const STATE_BITS = 2n;
const COMPLETE = 1n;
const ABANDONED = 2n;

/** Progress of an empty file. */
export function newProgress(): FileProgress {
  return new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
}

/** Says that a growing file has so many bytes now. */
export function noteWritten(progress: FileProgress, writtenBytes: number): void {
  Atomics.store(progress, 0, BigInt(writtenBytes) << STATE_BITS);
  Atomics.notify(progress, 0);
}

/** Says that a file will not grow any more. No write may be under way. */
export function noteEnd(progress: FileProgress, state: 'complete' | 'abandoned'): void {
  Atomics.or(progress, 0, state === 'complete' ? COMPLETE : ABANDONED);
  Atomics.notify(progress, 0);
}

/** What a progress says now. */
export function seeProgress(progress: FileProgress): ProgressSeen {
  const word = Atomics.load(progress, 0);
  const state = (word & ABANDONED) !== 0n ? 'abandoned' : (word & COMPLETE) !== 0n ? 'complete' : 'growing';
  return { writtenBytes: Number(word >> STATE_BITS), state, word };
}

/** Stops this thread until a progress says something else than it did. */
export function waitForChange(progress: FileProgress, { word }: ProgressSeen): void {
  Atomics.wait(progress, 0, word);
}
