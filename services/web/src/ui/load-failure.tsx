import { RotateCw } from 'lucide-react';
import { Button } from './button';
import { Notice } from './notice';

interface LoadFailureProps {
  /** What could not be shown: "The models". */
  readonly what: string;
  readonly error: Error;
  readonly onRetry: () => void;
}

/** What stands where a list would be, when it could not be had. */
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
