import clsx from 'clsx';
import { ChevronDown, Search } from 'lucide-react';
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

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A field that narrows a list down as one types. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  return (
    <div className="relative min-w-0 flex-1 sm:max-w-xs">
      <Search className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted" aria-hidden="true" />
      <TextField
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="w-full pl-9"
        autoComplete="off"
        spellCheck={false}
      />
    </div>
  );
}
