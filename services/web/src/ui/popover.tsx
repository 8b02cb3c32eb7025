import clsx from 'clsx';
import { type ReactNode, useState } from 'react';

interface PopoverProps {
  /** For the `popoverTarget` of its button. */
  readonly id: string;
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/**
 * What a button of the header opens. It stands below the header with its right edge where the content ends, as the
 * buttons do at any width. The browser closes it on Escape and on a click elsewhere.
 */
export function Popover({ id, label, className, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  return (
    <section
      id={id}
      popover="auto"
      aria-label={label}
      onBeforeToggle={({ newState }) => setOpen(newState === 'open')}
      className={clsx(
        // Half of the content's width, without its padding: see the header.
        'fixed inset-auto top-13 right-4 m-0 max-h-[calc(100dvh-8rem)] max-w-[calc(100vw-2rem)] animate-pop-in overflow-y-auto overscroll-contain rounded-xl border border-line bg-surface text-text shadow-2xl sm:right-[max(1.5rem,calc(50%-38.5rem))]',
        className,
      )}
    >
      {open && children}
    </section>
  );
}
