import { readFile } from 'node:fs/promises';
import { CONDITION_CODES } from '@caissa/shared/contracts';
import { expect, it } from 'vitest';

it('every condition is explained to operators', async () => {
  const text = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const explained = [...text.matchAll(/^\| `([A-Z_]+)` \| /gm)].map(([, code]) => code);
  for (const code of CONDITION_CODES) expect(explained).toContain(code);
});
