import type { ReactNode } from 'react';

interface PageHeadingProps {
  readonly title: string;
  /** One line on what the tab is for, or how much there is. */
  readonly hint?: ReactNode;
  readonly children?: ReactNode;
}

/** The head of a tab: what it is, and what can be done with all of it. */
export function PageHeading({ title, hint, children }: PageHeadingProps) {
  return (
    <div className="mb-5 flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
      {/* Its width does not depend on the hint, which comes later: what stands beside it must not move then. */}
      <div className="min-w-0 flex-1 basis-40">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        <p className="min-h-6 text-sm text-muted">{hint}</p>
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  );
}
