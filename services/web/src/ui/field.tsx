import clsx from 'clsx';
import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';

/** How text fields and lists of choices look. */
const FIELD_CLASS =
  'h-9 rounded-lg border border-line-strong/60 bg-surface px-3 text-sm text-text placeholder:text-muted hover:border-line-strong aria-invalid:border-danger';

/** A field for a line of text. Its label is the caller's. */
export function TextField({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={clsx(FIELD_CLASS, className)} {...rest} />;
}

/** A list to choose one thing from. Its label is the caller's; `className` is for its box. */
export function SelectField({ className, ...rest }: ComponentProps<'select'>) {
  return (
    <span className={clsx('relative inline-flex', className)}>
      <select className={clsx(FIELD_CLASS, 'w-full appearance-none truncate pr-9')} {...rest} />
      <ChevronDown className="pointer-events-none absolute top-2.5 right-3 size-4 text-muted" aria-hidden="true" />
    </span>
  );
}
