import { ERROR_TABLE, type ErrorCode } from '@caissa/shared/errors';
import { escapeHtml, renderPage } from '../http/own-pages.js';
import { ERROR_MEANINGS } from './error-meanings.js';

/** The page that the `type` of a problem document points to: one row per code, each with an anchor of its name. */
export function renderErrorsPage(): string {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  return renderPage({
    title: 'Errors',
    body: `<h1>Errors</h1>
<p>Every failing request is answered with a problem document (<code>application/problem+json</code>), whose
<code>code</code> is one of these. <a href="/api/docs">All routes</a></p>
<div class="scroll" tabindex="0" role="region" aria-label="Error codes">
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Retry may help</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${codes.map(row).join('\n')}
</tbody>
</table>
</div>`,
  });
}

function row(code: ErrorCode): string {
  const { status, title, retryable } = ERROR_TABLE[code];
  const meaning = escapeHtml(ERROR_MEANINGS[code]).replace(/`([^`]+)`/g, '<code>$1</code>');
  return `<tr id="${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${retryable ? 'yes' : 'no'}</td><td><strong>${escapeHtml(title)}.</strong> ${meaning}</td></tr>`;
}
