import type { Conditions } from '@caissa/shared/process';

/**
 * What a loader writes down without needing it to serve a model, in a folder that may be read-only or full for a while. It is
 * a condition that the folder cannot be written.
 */
export class OptionalWrites {
  readonly #conditions: Pick<Conditions, 'raise' | 'clear'>;

  constructor(conditions: Pick<Conditions, 'raise' | 'clear'>) {
    this.#conditions = conditions;
  }

  /** Returns whether something could be written; never rejects. */
  async attempt(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      this.#conditions.raise('ACTIVE_FOLDER_UNWRITABLE', sentence(error));
      return false;
    }
    this.#conditions.clear('ACTIVE_FOLDER_UNWRITABLE');
    return true;
  }
}

function sentence(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
  return (
    `A loader's DATA_DIR/active cannot be written${code}, so it serves models that were converted, loads no others, and keeps ` +
    'the journal of activations in memory: make the folder writable; no restart is needed.'
  );
}
