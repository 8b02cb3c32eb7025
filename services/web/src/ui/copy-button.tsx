import { Check, Copy, type LucideIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { IconButton } from './button';
import { tellFailure } from './toasts';

const SHOWN_MS = 1_600;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied: "digest". */
  readonly what: string;
  /** Shown instead of the usual picture, where two things can be copied side by side. */
  readonly icon?: LucideIcon;
}

/** Puts a text on the clipboard. */
export function CopyButton({ text, what, icon: Icon = Copy }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch (error) {
      tellFailure(`The ${what} could not be copied`, error);
    }
  };
  return (
    <IconButton label={copied ? 'Copied' : `Copy ${what}`} onClick={() => void copy()}>
      {copied ? <Check aria-hidden="true" className="text-accent" /> : <Icon aria-hidden="true" />}
    </IconButton>
  );
}
