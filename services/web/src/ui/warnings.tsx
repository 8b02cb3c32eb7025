import { Notice } from './notice';

/** What was found in a checkpoint and is not carried, a sentence each; nothing if there was nothing. */
export function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <Notice tone="info">
      <ul aria-label="Warnings" className="space-y-1">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Notice>
  );
}
