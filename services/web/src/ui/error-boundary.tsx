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
 * Keeps what fails from taking the whole page with it. The usual cause is a part that is loaded when it is opened and is
 * not there: the API is away, or was built anew since. A part that failed once stays so, and only the page can be had anew.
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
