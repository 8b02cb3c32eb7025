import type { ChainableCommander } from 'ioredis';

/** Runs a transaction and throws the first error of its commands, which `exec` alone only reports. */
export async function runTransaction(transaction: ChainableCommander): Promise<unknown[]> {
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
