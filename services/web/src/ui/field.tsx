import clsx from 'clsx';
import type { ComponentProps } from 'react';

/** How text fields and lists of choices look. */
export const FIELD_CLASS =
  'h-9 rounded-lg border border-line-strong/60 bg-surface px-3 text-sm text-text placeholder:text-muted hover:border-line-strong aria-invalid:border-danger';

/** A field for a line of text. Its label is the caller's. */
export function TextField({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={clsx(FIELD_CLASS, className)} {...rest} />;
}

/** A list to choose one thing from. Its label is the caller's. */
export function SelectField({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={clsx(FIELD_CLASS, 'pr-8', className)} {...rest} />;
}
