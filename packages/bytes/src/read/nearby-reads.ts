/** How ranges of a file are read. */
interface Reading {
  /** Fills `target` with the bytes that start at `offset`. */
  readOne(target: Uint8Array, offset: number): Promise<void>;
  /** Fills buffers, one after the other, with the bytes that start at `offset`. */
  readRun(targets: readonly Uint8Array[], offset: number): Promise<void>;
}

/** A range that is to be read, and whoever waits for it. */
interface Waiting {
  readonly target: Uint8Array;
  readonly offset: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Bytes between two ranges that are read along: less work than another call into the system, and another thread woken. */
const MAX_GAP_BYTES = 4 << 10;

/** What so little of the file holds is read range by range: pages of the file may have it already. */
const MIN_RUN_BYTES = 16 << 10;

/** Ranges of one run. With the gaps between them they stay within the 1,024 buffers that Linux takes in one call. */
const MAX_RANGES = 500;

/** Where gaps are read to. Nobody looks at it, so reads may overwrite one another here. */
const gapBytes = new Uint8Array(MAX_GAP_BYTES);

/**
 * Brings reads together that are asked for in the same turn and lie close to one another in the file: the storages of a
 * checkpoint stand in a row, with a header between two of them, and a hundred reads become twenty.
 */
export class NearbyReads {
  readonly #reading: Reading;
  #waiting: Waiting[] = [];

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Fills `target` with the bytes that start at `offset`. */
  read(target: Uint8Array, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#start());
      this.#waiting.push({ target, offset, resolve, reject });
    });
  }

  #start(): void {
    const inOrder = this.#waiting.sort((left, right) => left.offset - right.offset);
    this.#waiting = [];
    let run: Waiting[] = [];
    for (const next of inOrder) {
      const gap = next.offset - endOf(run);
      if (run.length > 0 && (gap < 0 || gap > MAX_GAP_BYTES || run.length === MAX_RANGES)) {
        this.#read(run);
        run = [];
      }
      run.push(next);
    }
    this.#read(run);
  }

  #read(run: readonly Waiting[]): void {
    const offset = run[0]?.offset ?? 0;
    if (run.length === 1 || endOf(run) - offset < MIN_RUN_BYTES) {
      for (const one of run) this.#reading.readOne(one.target, one.offset).then(one.resolve, one.reject);
      return;
    }
    this.#reading.readRun(withGaps(run), offset).then(
      () => {
        for (const { resolve } of run) resolve();
      },
      (error: unknown) => {
        for (const { reject } of run) reject(error);
      },
    );
  }
}

function endOf(run: readonly Waiting[]): number {
  const last = run.at(-1);
  return last === undefined ? 0 : last.offset + last.target.length;
}

function withGaps(run: readonly Waiting[]): Uint8Array[] {
  let end = run[0]?.offset ?? 0;
  return run.flatMap(({ target, offset }) => {
    const gap = gapBytes.subarray(0, offset - end);
    end = offset + target.length;
    return gap.length > 0 ? [gap, target] : [target];
  });
}
