import { AppError } from '@caissa/shared/errors';
import { type Conditions, withTimeout } from '@caissa/shared/process';
import type { ArtifactStore } from './artifacts/artifact-store.js';

/** How often a store is looked at. */
const INTERVAL_MS = 5_000;

/** A store that takes longer to answer counts as away. */
const TIMEOUT_MS = 4_000;

const SILENT = 'The store of exports does not answer: look at the machine that has it, and at the network.';

/** Looks at the store of exports again and again, and raises a condition while it cannot be used. Returns a function that ends it. */
export function watchStore(store: Pick<ArtifactStore, 'check'>, conditions: Conditions): () => void {
  let pending: Promise<void> | undefined;
  const look = async () => {
    // One that hangs keeps a thread of this process: another look would take the next.
    pending ??= store.check().finally(() => {
      pending = undefined;
    });
    try {
      await withTimeout(pending, TIMEOUT_MS);
      conditions.clear('STORE_UNREACHABLE');
    } catch (error) {
      conditions.raise('STORE_UNREACHABLE', error instanceof AppError ? error.message : SILENT);
    }
  };
  const timer = setInterval(() => void look(), INTERVAL_MS);
  void look();
  return () => clearInterval(timer);
}
