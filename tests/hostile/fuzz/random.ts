/** Numbers that look random and depend on nothing but the seed. Source: "mulberry32" by Tommy Ettinger, public domain */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b);
  }

  /** From 0 to 1, which is not reached. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below a bound. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** True in so many of a hundred cases. */
  percent(chance: number): boolean {
    return this.next() * 100 < chance;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Mostly few, now and then more. */
  few(): number {
    return this.percent(90) ? this.below(4) : this.below(20);
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at++) bytes[at] = this.below(256);
    return bytes;
  }

  /** A whole number of so many bits at most, often one at an edge. */
  bits(count: number): number {
    if (this.percent(60)) return this.below(2 ** this.below(count + 1));
    const edge = 2 ** this.pick([0, 7, 8, 15, 16, 31, 32].filter((bit) => bit <= count));
    return Math.min(2 ** count - 1, Math.max(0, edge - this.below(3)));
  }
}
