import type { LucideIcon } from 'lucide-react';
import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button';
import { Notice } from './notice';

interface EmptyStateProps {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** What is shown in place of a list that is empty. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <span className="mb-4 flex size-12 items-center justify-center rounded-2xl bg-sunken text-muted">
        <Icon className="size-6" aria-hidden="true" />
      </span>
      <h2 className="font-semibold">{title}</h2>
      {children && <p className="mt-1 max-w-md text-sm text-muted">{children}</p>}
      {action && <div className="mt-5">{action}</div>}
    </div>
  );
}

interface LoadFailureProps {
  /** What could not be shown: "The models". */
  readonly what: string;
  readonly error: Error;
  readonly onRetry: () => void;
}

/** What is shown in place of a list that could not be loaded. */
export function LoadFailure({ what, error, onRetry }: LoadFailureProps) {
  return (
    <div className="p-4">
      <Notice
        tone="bad"
        action={
          <Button size="small" onClick={onRetry}>
            <RotateCw aria-hidden="true" />
            Try again
          </Button>
        }
      >
        {what} could not be loaded. {error.message}
      </Notice>
    </div>
  );
}
