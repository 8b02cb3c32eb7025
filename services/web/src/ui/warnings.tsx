import { Notice } from './notice';

/** More are folded: what else is told of the file should be in sight. */
const SHOWN = 4;

/** What was found in a checkpoint and is not carried, a sentence each; nothing if there was nothing. */
export function Warnings({ warnings }: { readonly warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  const folded = warnings.slice(SHOWN);
  return (
    <Notice tone="info">
      <Sentences label="Warnings" sentences={warnings.slice(0, SHOWN)} />
      {folded.length > 0 && (
        <details className="mt-1">
          <summary>{folded.length} more</summary>
          <Sentences label="More warnings" sentences={folded} />
        </details>
      )}
    </Notice>
  );
}

function Sentences({ label, sentences }: { readonly label: string; readonly sentences: readonly string[] }) {
  return (
    <ul aria-label={label} className="space-y-1">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}
