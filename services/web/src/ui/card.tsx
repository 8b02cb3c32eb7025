import clsx from 'clsx';
import type { ReactNode } from 'react';

interface CardProps {
  readonly className?: string;
  readonly children: ReactNode;
  /** Names the region for those who jump between regions. */
  readonly label?: string;
}

/** A raised surface that holds what belongs together. */
export function Card({ className, children, label }: CardProps) {
  const classes = clsx('rounded-2xl border border-line bg-surface shadow-card', className);
  return label === undefined ? (
    <div className={classes}>{children}</div>
  ) : (
    <section aria-label={label} className={classes}>
      {children}
    </section>
  );
}
