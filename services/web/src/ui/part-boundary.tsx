import { RotateCw } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from './button';
import { Notice } from './notice';

interface PartBoundaryProps {
  readonly children: ReactNode;
}

/**
 * Holds a part of the page that is fetched when it is shown. If it cannot be had, because the API is away or a newer page
 * has taken the place of this one, that is said in its place and the rest goes on. The browser remembers the failure, so
 * nothing but loading the page again helps.
 */
export class PartBoundary extends Component<PartBoundaryProps, { readonly failed: boolean }> {
  override readonly state = { failed: false };

  static getDerivedStateFromError() {
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
            Load the page again
          </Button>
        }
      >
        This part of the page could not be shown.
      </Notice>
    );
  }
}
