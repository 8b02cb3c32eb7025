import { fileURLToPath } from 'node:url';
import { ERROR_TABLE, type ErrorCode, isErrorCode, toProblem } from '@caissa/shared/errors';
import { expect, it } from 'vitest';
import { ERROR_MEANINGS, renderErrorsPage } from './errors-page.js';

const FILE = fileURLToPath(new URL('../../../../docs/errors.md', import.meta.url));
const codes = Object.keys(ERROR_TABLE).filter(isErrorCode);

function row(code: ErrorCode): string {
  const { status, title, retryable } = ERROR_TABLE[code];
  return `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | **${title}.** ${ERROR_MEANINGS[code]} |`;
}

it('agrees with docs/errors.md', async () => {
  const text = `# Errors

Every failing request is answered with a problem document (\`application/problem+json\`, RFC 9457), whose \`code\` is one
of these; a failed job carries one as its \`error\`. *Retry* says whether the same work may succeed later without anybody
changing anything. The running API shows this table at \`/api/docs/errors\`.

This file is compared with the code by a test; \`npx vitest run services/api/src/docs -u\` writes it anew.

| Code | Status | Retry | Meaning |
|---|---|---|---|
${codes.map(row).join('\n')}
`;
  await expect(text).toMatchFileSnapshot(FILE);
});

it('has an anchor where the type of each problem points to', () => {
  const page = renderErrorsPage({ basePath: '' });
  for (const code of codes) {
    const anchor = toProblem({ code, message: '', errors: undefined }).type.split('#')[1];
    expect(page).toContain(`<tr id="${anchor}">`);
  }
  expect(page.match(/<tr id=/g)).toHaveLength(codes.length);
});

it('explains each code in a sentence that fits a table', () => {
  for (const code of codes) expect(ERROR_MEANINGS[code]).toMatch(/^[A-Z`][^|\n<>]{20,}\.$/);
});
