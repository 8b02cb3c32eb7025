import { FormatError, type FormatErrorCode } from '@caissa/bytes';

/** What reading one file may cost. */
export interface BudgetLimits {
  /** Time, in units of about a nanosecond. */
  readonly work: number;
  readonly memoryBytes: number;
}

/**
 * Time and memory that are left for reading one file. Whoever does or keeps something on a file's behalf charges for it
 * first; what all of it comes to is bounded, however a file shares it out.
 */
export class Budget {
  readonly #limits: BudgetLimits;
  readonly #code: FormatErrorCode;
  #work: number;
  #memoryBytes: number;

  /** @param code what is thrown when the budget is spent */
  constructor(limits: BudgetLimits, code: FormatErrorCode) {
    this.#limits = limits;
    this.#code = code;
    this.#work = limits.work;
    this.#memoryBytes = limits.memoryBytes;
  }

  /** Charges time, in units of about a nanosecond. @throws FormatError with the budget's code */
  spend(work: number): void {
    this.#work -= work;
    if (this.#work >= 0) return;
    throw new FormatError(this.#code, 'Reading the file takes more work than any checkpoint needs.');
  }

  /** Charges memory, and the time that filling it takes. @throws FormatError with the budget's code */
  allocate(bytes: number): void {
    this.#memoryBytes -= bytes;
    if (this.#memoryBytes < 0) {
      const limit = Math.round(this.#limits.memoryBytes / (1 << 20));
      throw new FormatError(this.#code, `The file describes more than fits into ${limit} MiB beside its weights.`);
    }
    this.spend(bytes);
  }
}
