import { type ReactNode, useState } from 'react';
import { Button } from './button';
import { Dialog } from './dialog';
import { Notice } from './notice';

interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says: the very thing that will happen. */
  readonly confirm: string;
  readonly danger?: boolean;
  /** Does it; the dialog closes when that has succeeded and tells why it has not. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done that cannot be taken back at once. */
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
