import { z } from 'zod';

/** What a list says of how far it has come, of rows that are called `rows` in words. */
export function completenessFields(rows: string, complete: string) {
  return {
    complete: z.boolean().describe(`Whether ${complete}. It is not for a while after Redis has lost its data.`),
    indexed: z.int().nonnegative().optional().describe(`${rows} that are known by now, where not all are.`),
    total: z.int().nonnegative().optional().describe(`${rows} that there are, where not all are known yet.`),
  };
}
