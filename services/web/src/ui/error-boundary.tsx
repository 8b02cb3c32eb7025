import { RotateCw } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from './button';
import { Notice } from './notice';

interface ErrorBoundaryProps {
  /** What could not be shown: "This tab". */
  readonly what: string;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly failed: boolean;
}

/**
 * Keeps a failure from taking the whole page down. The usual cause is a part that is loaded on demand and is not there:
 * the API is down, or was rebuilt since. A part that failed once stays failed, so only reloading the page helps.
 */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { failed: false };

  static getDerivedStateFromError(): ErrorBoundaryState {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice
        tone="bad"
        action={
          <Button size="small" onClick={() => location.reload()}>
            <RotateCw aria-hidden="true" />
            Load the page anew
          </Button>
        }
      >
        {this.props.what} could not be shown. Caissa may be away, or was updated since this page was opened.
      </Notice>
    );
  }
}
