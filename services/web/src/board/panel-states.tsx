import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { Skeleton, Spinner } from '../ui/progress';

// What is shown where the moves of a model would be. Each reserves their lines, so that nothing moves when they come.

const LINE_REM = 2.25;

interface RemarkProps {
  readonly lines: number;
  readonly children: ReactNode;
}

/** A sentence where the moves would be. */
export function Remark({ lines, children }: RemarkProps) {
  return (
    <p style={{ minHeight: `${lines * LINE_REM}rem` }} className="px-2 pt-1.5 text-sm text-muted">
      {children}
    </p>
  );
}

/** Says why the model does not answer now, and that it is asked until it does. */
export function Interruption({ lines, children }: RemarkProps) {
  return (
    <div style={{ minHeight: `${lines * LINE_REM}rem` }}>
      <Notice tone="warn" action={<Spinner />}>
        {children} Retrying automatically.
      </Notice>
    </div>
  );
}

interface WaitingProps {
  readonly lines: number;
  /** What to say of a wait that is long. */
  readonly remark: string | undefined;
  readonly name: string;
}

/** Placeholders for the moves. */
export function Waiting({ lines, remark, name }: WaitingProps) {
  return (
    <div style={{ minHeight: `${lines * LINE_REM}rem` }} className="relative px-2" role="status">
      <span className="sr-only">{`${name} is asked.`}</span>
      {remark !== undefined ? (
        <p className="text-sm text-muted">{remark}</p>
      ) : (
        Array.from({ length: lines }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
          <div key={line} className="flex h-9 items-center gap-4">
            <Skeleton className="h-4 w-12" />
            <Skeleton className="h-2 flex-1" />
            <Skeleton className="h-4 w-12" />
          </div>
        ))
      )}
    </div>
  );
}

interface PanelFailureProps {
  readonly error: Error;
  readonly lines: number;
  readonly onRetry: () => void;
}

/** Says why the model was not asked, where asking again needs a decision. */
export function PanelFailure({ error, lines, onRetry }: PanelFailureProps) {
  const isGone = error instanceof ApiError && error.code === 'MODEL_NOT_FOUND';
  return (
    <div style={{ minHeight: `${lines * LINE_REM}rem` }}>
      <Notice tone="bad">
        <p>
          {error.message} {isGone && 'It may have been removed or renamed.'}
        </p>
        <Button size="small" className="mt-2" onClick={onRetry}>
          <RotateCw aria-hidden="true" />
          Try again
        </Button>
      </Notice>
    </div>
  );
}
