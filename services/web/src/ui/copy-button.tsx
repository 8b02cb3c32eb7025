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
  const copy = async (button: HTMLElement) => {
    if (await copyText(text, what, button)) setCopied(true);
  };
  return (
    <IconButton label={copied ? 'Copied' : `Copy ${what}`} onClick={({ currentTarget }) => void copy(currentTarget)}>
      {copied ? <Check aria-hidden="true" className="text-accent" /> : <Icon aria-hidden="true" />}
    </IconButton>
  );
}

/** Puts a text on the clipboard, and tells if that failed. Returns whether it did not. */
export async function copyText(text: string, what: string, near: HTMLElement): Promise<boolean> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelection(text, near);
    return true;
  } catch (error) {
    tellFailure(`The ${what} could not be copied`, error);
    return false;
  }
}

/**
 * Browsers offer the clipboard only to pages served over https or from this machine. Elsewhere selected text can still
 * be copied; it has to be next to the button, since an open dialog lets nothing outside it have the focus.
 */
function copyBySelection(text: string, button: HTMLElement): void {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'fixed top-0 opacity-0';
  button.after(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  button.focus({ preventScroll: true });
  if (!done) throw new Error('The browser does not allow it.');
}
