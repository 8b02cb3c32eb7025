import clsx from 'clsx';
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

interface CardProps {
  readonly className?: string;
  readonly children: ReactNode;
  readonly id?: string;
  /** Names the region for those who jump between regions. */
  readonly label?: string;
}

/** A raised surface that holds what belongs together. */
export function Card({ id, className, children, label }: CardProps) {
  const classes = clsx('rounded-2xl border border-line bg-surface shadow-card', className);
  return label === undefined ? (
    <div id={id} className={classes}>
      {children}
    </div>
  ) : (
    <section id={id} aria-label={label} className={classes}>
      {children}
    </section>
  );
}

/** A part of a drawer under a heading. */
export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-1 text-sm font-semibold">{title}</h3>
      {children}
    </section>
  );
}

interface FormSectionProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

/** A step of the form. */
export function FormSection({ title, hint, children }: FormSectionProps) {
  return (
    <fieldset className="min-w-0 p-5">
      <legend className="float-left mb-3 flex w-full flex-wrap items-baseline justify-between gap-x-3">
        <span className="text-sm font-semibold">{title}</span>
        {hint && <span className="text-xs text-muted">{hint}</span>}
      </legend>
      <div className="clear-both">{children}</div>
    </fieldset>
  );
}

interface KeyValuesProps {
  readonly rows: readonly (readonly [string, ReactNode])[];
}

/** A text longer than this is put under its name, where it has the whole width. */
const LONG_CHARACTERS = 100;

/** Names and their values, one a line. */
export function KeyValues({ rows }: KeyValuesProps) {
  return (
    <dl className="divide-y divide-line text-sm">
      {rows.map(([name, value]) => {
        const long = typeof value === 'string' && value.length > LONG_CHARACTERS;
        return (
          <div key={name} className={clsx('py-1.5', !long && 'flex items-baseline justify-between gap-4')}>
            <dt className={clsx('text-muted wrap-anywhere', !long && 'max-w-1/2 shrink-0')}>{name}</dt>
            <dd className={clsx('min-w-0 tabular-nums wrap-anywhere', !long && 'text-right')}>{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}
