/** Waits for all, also after one has failed: what they use is free then, and what they may have left can be removed. */
export async function allEnded(operations: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(operations);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
