import type { LoaderContext } from '../context.js';

/**
 * Removes converted models, all but what is served, what a rollback may need, and the newest ones. Every loader does so
 * after it has opened one: they may each have a folder of their own. Failing is logged.
 * @param sha256 digest of the checkpoint that is served
 */
export async function pruneConverted(
  { journal, converted, logger }: Pick<LoaderContext, 'journal' | 'converted' | 'logger'>,
  sha256: string,
): Promise<void> {
  try {
    await converted.prune(new Set([sha256, ...(await journal.goodDigests())]));
  } catch (error) {
    logger.warn({ err: error }, 'converted models could not be removed');
  }
}
