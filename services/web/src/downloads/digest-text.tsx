import { CopyButton } from '../ui/copy-button';

const SHOWN_DIGITS = 10;

/** The begin of a digest, with a button that copies the whole of it. */
export function DigestText({ sha256 }: { readonly sha256: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      <span className="font-mono text-xs" title={`SHA-256: ${sha256}`}>
        {sha256.slice(0, SHOWN_DIGITS)}…
      </span>
      <CopyButton text={sha256} what="SHA-256 digest" />
    </span>
  );
}
