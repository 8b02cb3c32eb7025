import clsx from 'clsx';
import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { Button, IconButton } from './button';
import { Notice } from './notice';

interface DialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** Buttons at its end. */
  readonly actions?: ReactNode;
  readonly onClose: () => void;
  /** A dialog stands in the middle; a drawer at the right, as high as the window. */
  readonly shape?: 'dialog' | 'drawer';
}

const SHAPES = {
  dialog: 'm-auto max-h-[85dvh] w-[min(32rem,calc(100vw-2rem))] rounded-2xl animate-pop-in',
  drawer: 'ml-auto mr-0 my-0 h-dvh max-h-dvh w-[min(38rem,100vw)] max-w-full sm:rounded-l-2xl animate-slide-in',
} as const;

/**
 * A window over the page. The browser's own modal dialog keeps the focus inside, closes on Escape and gives the focus
 * back. It is open as long as it is rendered. The element marked `data-first-focus` gets the focus first.
 */
export function Dialog({ title, children, actions, onClose, shape = 'dialog' }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const pressedOutside = useRef(false);
  const titleId = useId();
  // Before it is painted, and before it is taken away: the browser gives the focus back only while both are there.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, by the browser
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      className={clsx('border border-line bg-surface p-0 shadow-2xl outline-none', SHAPES[shape])}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        pressedOutside.current = event.target === ref.current;
      }}
      onClick={(event) => {
        // Text may be selected from inside the dialog to beyond its edge, which is a click on what is behind it.
        if (event.target === ref.current && pressedOutside.current) onClose();
      }}
    >
      <div className={clsx('flex flex-col', shape === 'drawer' ? 'h-full' : 'max-h-[inherit]')}>
        <header className="flex items-center justify-between gap-4 border-b border-line px-5 py-3.5">
          <h2 id={titleId} title={title} className="min-w-0 truncate text-base font-semibold">
            {title}
          </h2>
          <IconButton label="Close" onClick={onClose}>
            <X aria-hidden="true" />
          </IconButton>
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section tabIndex={0} aria-labelledby={titleId} className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
          {children}
        </section>
        {actions && (
          <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5">{actions}</footer>
        )}
      </div>
    </dialog>
  );
}

interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says: the very thing that will happen. */
  readonly confirm: string;
  readonly danger?: boolean;
  /** The action; the dialog closes when it succeeds and otherwise says why it failed. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done that cannot be undone at once. */
export function ConfirmDialog({ title, children, confirm, danger = false, onConfirm, onClose }: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const act = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose} data-first-focus={danger || undefined}>
            Keep as it is
          </Button>
          <Button
            look={danger ? 'danger' : 'primary'}
            busy={busy}
            onClick={() => void act()}
            className="max-w-full"
            data-first-focus={!danger || undefined}
          >
            <span className="truncate">{confirm}</span>
          </Button>
        </>
      }
    >
      <div className="space-y-3 text-sm wrap-anywhere">
        {children}
        {problem && <Notice tone="bad">{problem}</Notice>}
      </div>
    </Dialog>
  );
}
