/** Reads a range; may read less only at the end of the file. */
type ReadRange = (target: Uint8Array, offset: number) => Promise<void>;

const PAGE_BYTES = 64 << 10;

/** 1 MiB in all. Directory, headers and small tensors lie close together, so a few pages serve hundreds of reads. */
const MAX_PAGES = 16;

/** Reads of more than this go straight to the file. */
export const MAX_CACHED_READ_BYTES = 16 << 10;

/**
 * Serves small reads from pages of a file, since a call into the system costs far more than the bytes. The map below is all
 * that there is to it: a library would be loaded by each start of the command line.
 */
export class PageCache {
  readonly #sizeBytes: number;
  readonly #readRange: ReadRange;
  /** By page number, the one used longest ago first; a page may still be on its way. */
  readonly #pages = new Map<number, Promise<Uint8Array>>();
  /** Numbers of pages that something was read of, the last ones: one read alone is not worth a page. */
  readonly #visited = new Set<number>();

  constructor(sizeBytes: number, readRange: ReadRange) {
    this.#sizeBytes = sizeBytes;
    this.#readRange = readRange;
  }

  /** Fills `target`, which must lie inside the file. */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const at = offset + filled;
      const number = Math.floor(at / PAGE_BYTES);
      const from = at - number * PAGE_BYTES;
      const piece = target.subarray(filled, filled + PAGE_BYTES - from);
      if (this.#isFirstVisit(number)) await this.#readRange(piece, at);
      else piece.set((await this.#page(number)).subarray(from, from + piece.length));
      filled += piece.length;
    }
  }

  /** Whether nothing of the page was read lately. Headers that lie far apart would each cost a page otherwise. */
  #isFirstVisit(number: number): boolean {
    if (this.#visited.has(number)) return false;
    this.#visited.add(number);
    dropOldest(this.#visited);
    return true;
  }

  #page(number: number): Promise<Uint8Array> {
    const page = this.#pages.get(number) ?? this.#load(number);
    this.#pages.delete(number);
    this.#pages.set(number, page);
    dropOldest(this.#pages);
    return page;
  }

  async #load(number: number): Promise<Uint8Array> {
    const start = number * PAGE_BYTES;
    const page = new Uint8Array(Math.min(PAGE_BYTES, this.#sizeBytes - start));
    try {
      await this.#readRange(page, start);
    } catch (error) {
      this.#pages.delete(number);
      throw error;
    }
    return page;
  }
}

function dropOldest(pages: Set<number> | Map<number, unknown>): void {
  for (const oldest of pages.keys()) {
    if (pages.size <= MAX_PAGES) break;
    pages.delete(oldest);
  }
}
